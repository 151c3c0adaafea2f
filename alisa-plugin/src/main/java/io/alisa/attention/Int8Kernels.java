package io.alisa.attention;

/**
 * The arithmetic of attention on INT8 keys and values: {@code x ~ scale * q}, symmetric, a scale per token and KV head.
 *
 * <p>Stateless and thread-safe; all state is in the tile, the rows and the query sketch. Nothing here allocates. Rows
 * are one at least, 64 for a mean and a sketch.
 */
public interface Int8Kernels {
    /**
     * Quantises one row: {@code q = round(x / scale)}, where the scale is the smallest
     * {@link io.alisa.cache.ScaleCode} that reaches the row's largest magnitude with 127. Not a number becomes 0,
     * what is too large even for the largest scale becomes 127 times that.
     *
     * @param to address of the row's bytes; bytes up to the next multiple of four become zero
     * @return the scale's code
     */
    int quantise(float[] x, int offset, int channels, long to);

    /**
     * Attends all rows: folds them into the tile's running softmax, as {@link AttentionKernels#attend} does. Every
     * query row sees all of them. A row's score is {@code cap(query * key)}.
     */
    void attend(AttentionTile tile, Int8Rows rows);

    /**
     * Scores only: {@code tile.scores[row * 64 + i] = cap(query * key i)}; negative infinity behind the last.
     */
    void score(AttentionTile tile, Int8Rows rows);

    /**
     * Adds the rows' values to the tile's sums with the weights {@code tile.scores[row * 64 + i]}, which are relative to
     * the tile's maxima as they stand; those behind the last row are zero.
     */
    void addWeighted(AttentionTile tile, Int8Rows rows);

    /**
     * Turns rows back into floats in the layout of an F32 block of one KV head, for {@link AttentionKernels#attend}.
     *
     * @param keys   address of {@code [headSize][64]} floats; {@code values} of {@code [64][padded head size]}, where
     *               the padding becomes anything finite; what belongs to no row becomes anything
     */
    void dequantise(Int8Rows rows, int headSize, long keys, long values);

    /**
     * Means of 64 rows' keys and values.
     *
     * @param key   filled with {@code headSize} floats; {@code value} likewise
     */
    void mean(Int8Rows rows, int headSize, float[] key, float[] value);

    /**
     * Rounds the keys of 64 rows to two bits per channel, see {@link io.alisa.cache.SketchLayout}.
     *
     * @param mean   the block's mean key, as it will be read later
     * @param sketch address of the KV head's sketch
     */
    void sketch(Int8Rows rows, int headSize, float[] mean, long sketch);

    /** Room for what {@link #prepare} makes of up to so many query rows: for these kernels alone. */
    QuerySketch querySketch(int headSize, int maxRows);

    /** Prepares estimates for the tile's query rows. */
    void prepare(QuerySketch query, AttentionTile tile);

    /**
     * Estimates the scores of a block's 64 tokens from their two-bit keys:
     * {@code out[row * rowStride + to + t] = meanScore[row * meanStride + meanAt] + magnitude[t] * (query * level of t)}.
     *
     * @param sketch address of the KV head's sketch of the block
     */
    void estimate(QuerySketch query, long sketch, float[] meanScore, int meanAt, int meanStride, float[] out, int to,
            int rowStride);
}
