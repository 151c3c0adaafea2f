package io.alisa.attention;

/**
 * The arithmetic of attention. Two implementations: {@link ScalarKernels}, the reference, and the Vector API's.
 *
 * <p>Stateless and thread-safe; all state is in the tile. Nothing here allocates.
 */
public interface AttentionKernels {
    /** What the doctor prints, for instance {@code vector (512 bit)}. */
    String name();

    /**
     * Rotates one head in place (RoPE, pairs {@code i} and {@code i + headSize/2}):
     * {@code (a, b) -> (a cos - b sin, a sin + b cos)}, each product rounded, as the host rounds.
     *
     * @param x        the head starts at {@code offset}
     * @param headSize channels; an odd last one stays
     * @param cos      cosines, {@code headSize / 2} of them from {@code row} on; {@code sin} likewise
     */
    void rotate(float[] x, int offset, int headSize, float[] cos, float[] sin, int row);

    /**
     * Attends one F32 block: folds the block's tokens into the tile's running softmax (the online softmax of
     * Milakov and Gimelshein, as in FlashAttention).
     *
     * @param tile   queries and running state; row {@code r} sees the first {@code tile.visible[r]} tokens
     * @param keys   address of {@code [headSize][64]} floats
     * @param values address of {@code [64][rowStride]} floats
     * @param tokens the largest number of tokens any row sees, 1 to 64
     */
    void attend(AttentionTile tile, long keys, long values, int tokens);

    /**
     * Scores of an F32 block only, and not capped: {@code tile.scores[row * 64 + t] = query * key t}; anything behind the
     * first {@code tokens}.
     *
     * @param keys address of {@code [headSize][64]} floats
     */
    void score(AttentionTile tile, long keys, int tokens);

    /** Brings memory into the cache in one sweep, which keeps more reads in flight than the arithmetic can. */
    void preload(AttentionTile tile, long address, long bytes);

    /** The same arithmetic in the host's order. */
    OrderedKernels ordered();

    /** The arithmetic on INT8 keys and values. */
    Int8Kernels int8();
}
