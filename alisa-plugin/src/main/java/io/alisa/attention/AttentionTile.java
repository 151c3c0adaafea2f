package io.alisa.attention;

import java.util.Arrays;

import io.alisa.cache.KvLayout;

/**
 * Some query rows that share a KV head, and their running softmax: the largest score, the sum of the weights and
 * the weighted sum of the values so far. Owned by one thread at a time and reused.
 */
public final class AttentionTile {
    /** Parts of a sum, one per vector lane: adding the lanes up once at the end is cheaper than once per block. */
    static final int SUMS = 16;
    private static final float[] NONE = {};

    final int headSize;
    final int stride;
    final float softCap;

    /** Query rows, already scaled, from {@code queryOffset} on, {@code stride} apart. */
    float[] query = NONE;
    int queryOffset;
    int rows;

    private float[] byChannel = NONE;
    private boolean areByChannel;

    /** Tokens of the block at hand that each row sees. */
    final int[] visible;
    /** {@code [rows][64]} scores, then weights, of the block at hand. */
    final float[] scores;
    final float[] max;
    /** {@code [rows][SUMS]} parts of each row's sum of weights; their total is {@link #sum}. */
    final float[] sums;
    /** By what the earlier sums of each row shrink, as its maximum rises. */
    final float[] kept;
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
        kept = new float[maxRows];
        sums = new float[maxRows * SUMS];
        output = new float[maxRows * stride];
    }

    /** Starts on other rows of {@code queries}. */
    public void begin(float[] queries, int firstRow, int rowCount) {
        query = queries;
        queryOffset = firstRow * stride;
        rows = rowCount;
        areByChannel = false;
        forget();
    }

    /**
     * {@code [rows / 4][stride][4]} queries of as many rows as make groups of four: what a kernel needs for a channel lies side
     * by side. Zeros behind the head's channels. Made when first asked for.
     */
    float[] queriesByChannel() {
        if (!areByChannel) {
            if (byChannel.length == 0) {
                byChannel = new float[max.length * stride];
            }
            for (int row = 0; row + 4 <= rows; row += 4) {
                for (int r = 0; r < 4; r++) {
                    for (int c = 0; c < headSize; c++) {
                        byChannel[row * stride + 4 * c + r] = query[queryOffset + (row + r) * stride + c];
                    }
                }
            }
            areByChannel = true;
        }
        return byChannel;
    }

    /** Lets go of the queries, which are as large as a batch. */
    void release() {
        query = NONE;
    }

    /** Has every row have seen nothing. */
    void forget() {
        Arrays.fill(max, 0, rows, Float.NEGATIVE_INFINITY);
        Arrays.fill(sums, 0, rows * SUMS, 0f);
        Arrays.fill(output, 0, rows * stride, 0f);
    }

    /** Sets a row's maximum before anything is added: weights are relative to it. */
    public void setMax(int row, float value) {
        max[row] = value;
    }

    /** Adds a value to a row's sums, with a weight that is relative to the row's maximum as it stands. */
    public void addWeighted(int row, float weight, float[] value) {
        sums[row * SUMS] += weight;
        for (int c = 0; c < headSize; c++) {
            output[row * stride + c] += weight * value[c];
        }
    }

    /** Lets every row see the first {@code tokens} tokens of the next block. */
    public void seeAll(int tokens) {
        Arrays.fill(visible, 0, rows, tokens);
    }

    /** {@code [rows][64]} scores, after {@link Int8Kernels#score} or {@link AttentionKernels#score}. */
    public float[] scores() {
        return scores;
    }

    /** A row's sum of weights. */
    float sum(int row) {
        float sum = 0;
        for (int i = row * SUMS; i < (row + 1) * SUMS; i++) {
            sum += sums[i];
        }
        return sum;
    }

    /** Writes the attention outputs of all rows. */
    public void finish(float[] outputs, int firstRow) {
        for (int r = 0; r < rows; r++) {
            float scale = 1f / sum(r);
            int from = r * stride;
            int to = (firstRow + r) * stride;
            for (int i = 0; i < stride; i++) {
                outputs[to + i] = output[from + i] * scale;
            }
        }
    }
}
