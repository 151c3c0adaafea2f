package io.alisa.attention;

import java.util.Arrays;

import io.alisa.cache.KvLayout;

/**
 * Some query rows that share a KV head, and their running softmax: the largest score, the sum of the weights and
 * the weighted sum of the values so far. Owned by one thread at a time and reused.
 */
public final class AttentionTile {
    final int headSize;
    final int stride;
    final float softCap;

    /** Query rows, already scaled, from {@code queryOffset} on, {@code stride} apart. */
    float[] query = {};
    int queryOffset;
    int rows;

    /** Tokens of the block at hand that each row sees. */
    final int[] visible;
    /** {@code [rows][64]} scores, then weights, of the block at hand. */
    final float[] scores;
    final float[] max;
    final float[] sum;
    /** {@code [rows][stride]} sum of weight times value. */
    final float[] output;
    /** What {@link AttentionKernels#preload} read, kept so that the reads are not optimised away. */
    final float[] preloaded = new float[32];

    public AttentionTile(AttentionShape shape, int maxRows) {
        headSize = shape.headSize();
        stride = shape.rowStride();
        softCap = shape.softCap();
        visible = new int[maxRows];
        scores = new float[maxRows * KvLayout.BLOCK_TOKENS];
        max = new float[maxRows];
        sum = new float[maxRows];
        output = new float[maxRows * stride];
    }

    /** Starts on other rows of {@code queries}. */
    public void begin(float[] queries, int firstRow, int rowCount) {
        query = queries;
        queryOffset = firstRow * stride;
        rows = rowCount;
        Arrays.fill(max, 0, rowCount, Float.NEGATIVE_INFINITY);
        Arrays.fill(sum, 0, rowCount, 0f);
        Arrays.fill(output, 0, rowCount * stride, 0f);
    }

    /** Lets every row see the first {@code tokens} tokens of the next block. */
    public void seeAll(int tokens) {
        Arrays.fill(visible, 0, rows, tokens);
    }

    /** Writes the attention outputs of all rows. */
    public void finish(float[] outputs, int firstRow) {
        for (int r = 0; r < rows; r++) {
            float scale = 1f / sum[r];
            int from = r * stride;
            int to = (firstRow + r) * stride;
            for (int i = 0; i < stride; i++) {
                outputs[to + i] = output[from + i] * scale;
            }
        }
    }
}
