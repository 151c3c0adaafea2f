package io.alisa.attention;

/**
 * Attention with every rounding where a plain implementation over vector lanes has it, so that the result is the
 * host's to the last bit. {@link AttentionKernels} is faster and as accurate, but not equal in the last bits; where a
 * model rounds activations to BF16 or I8 right after attention, a last bit can tip such a rounding, and now and then
 * that changes a token.
 *
 * <p>The order: a score is summed up in a given {@link SummationOrder}; then scaled, capped; the exponentials are rounded from double
 * precision; their sum runs token by token; each is divided by it; values are added token by token.
 *
 * <p>Stateless and thread-safe; nothing here allocates.
 */
public interface OrderedKernels {
    /**
     * Scores of a block for all rows of a tile, whose queries are not scaled.
     *
     * @param keys      address of {@code [headSize][64]} floats
     * @param order     of a score's sum; its lanes divide the head size
     * @param parts     scratch memory of {@link #partsLength}
     * @param scores    {@code 64} scores of row {@code r} are written from {@code to + r * rowStride} on
     */
    void score(AttentionTile tile, long keys, SummationOrder order, float scale, float[] parts, float[] scores, int to,
            int rowStride);

    /** Floats of scratch memory that {@link #score} needs. */
    int partsLength(SummationOrder order);

    /**
     * Turns scores into weights that add up to one.
     *
     * @param visible row {@code r} has {@code visible + r / rowsPerToken} scores; what follows, up to the end of its
     *                last block, becomes zero
     * @param scratch {@link io.alisa.cache.KvLayout#BLOCK_TOKENS} doubles
     */
    void softmax(float[] scores, int rowStride, int rows, int visible, int rowsPerToken, float softCap,
            double[] scratch);

    /** Adds a block's first {@code tokens} values, weighted by {@code tile.scores}, to {@code tile.output}. */
    void addValues(AttentionTile tile, long values, int tokens);
}
