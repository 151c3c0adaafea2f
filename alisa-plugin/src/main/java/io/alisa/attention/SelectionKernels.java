package io.alisa.attention;

/**
 * The arithmetic of choosing tokens by estimated scores. Arrays of scores are {@code [rows][stride]}, rows one query
 * head each, and are worked on in whole blocks of 64.
 *
 * <p>Stateless and thread-safe. Nothing here allocates.
 */
public interface SelectionKernels {
    /** Kernels in the Vector API where {@code kernels} are, else in plain loops. */
    static SelectionKernels beside(AttentionKernels kernels) {
        return kernels instanceof VectorKernels ? new VectorSelectionKernels() : new ScalarSelectionKernels();
    }

    /**
     * Caps scores in place: {@code softCap * tanh(score / softCap)}, with the same bits in every implementation, see
     * {@link SoftCap}. Negative infinity, the score of a token that does not exist, stays what it is.
     *
     * @param count   of any size
     * @param softCap positive
     */
    void cap(float[] scores, int from, int count, float softCap);

    /**
     * Raises each row's best score to that of some tokens.
     *
     * @param from   the first of them
     * @param tokens how many, a multiple of 64
     */
    void best(float[] scores, int rows, int stride, int from, int tokens, float[] best);

    /**
     * How much tokens matter to the query head of the group that they matter most to:
     * {@code importance[t] = max over rows of (score[row][t] - best score of the row)}.
     *
     * @param tokens a multiple of 64
     * @param best   each row's best score
     */
    void importance(float[] scores, int rows, int stride, int tokens, float[] best, float[] importance);

    /**
     * How many tokens are of at least some importance.
     *
     * @param step of the first {@code blocks} blocks, every so many-th counts: the first does
     */
    int count(float[] importance, int blocks, int step, float threshold);

    /** Which tokens of a block are: bit i is token i. */
    long atLeast(float[] importance, int block, float threshold);

    /**
     * Adds up, block by block, {@code exp(score - best score of the row)} of the tokens that are not attended, to within 3
     * percent each: estimated scores are further off than that.
     *
     * @param best     at least every score of the row, per row
     * @param attended a bit per token, a word per block
     * @param sums     filled: of row r from {@code to + r * sumsStride} on, one sum a block
     */
    void skippedMass(float[] scores, int rows, int stride, int blocks, float[] best, long[] attended, float[] sums,
            int to, int sumsStride);
}
