package io.alisa.attention;

import java.util.Arrays;

/**
 * The running softmaxes of query rows over spans of the tokens that come one after the other: what a span ended with is
 * joined to what the spans before it ended with. Decoding and prefilling join the same spans in the same order, so a row's
 * result is the same to the bit, whatever batch its position came in.
 *
 * <p>Different rows may be joined by different threads.
 */
final class JoinedSpans {
    private final int stride;
    private final float[] max;
    private final float[] sum;
    private final float[] values;

    JoinedSpans(AttentionShape shape, int rows) {
        stride = shape.rowStride();
        max = new float[rows];
        sum = new float[rows];
        values = new float[rows * stride];
    }

    /** Forgets what some rows had. */
    void begin(int firstRow, int rows) {
        Arrays.fill(max, firstRow, firstRow + rows, Float.NEGATIVE_INFINITY);
        Arrays.fill(sum, firstRow, firstRow + rows, 0f);
        Arrays.fill(values, firstRow * stride, (firstRow + rows) * stride, 0f);
    }

    /**
     * Joins what a span ended with for a row.
     *
     * @param spanMax    its largest score; negative infinity where the row saw nothing of it
     * @param spanSum    of its weights
     * @param spanValues its weighted values, from {@code from} on
     */
    void add(int row, float spanMax, float spanSum, float[] spanValues, int from) {
        if (spanMax == Float.NEGATIVE_INFINITY) {
            return;
        }
        float largest = Math.max(max[row], spanMax);
        float before = (float) Math.exp(max[row] - largest);
        float weight = (float) Math.exp(spanMax - largest);
        max[row] = largest;
        sum[row] = before * sum[row] + weight * spanSum;
        int to = row * stride;
        for (int i = 0; i < stride; i++) {
            values[to + i] = before * values[to + i] + weight * spanValues[from + i];
        }
    }

    /** Joins a span of all rows of a tile, which begins with another span then. */
    void take(AttentionTile tile) {
        for (int r = 0; r < tile.rows; r++) {
            add(r, tile.max[r], tile.sum(r), tile.output, r * stride);
        }
        tile.forget();
    }

    /** Has a tile end with all spans. */
    void giveTo(AttentionTile tile) {
        take(tile);
        System.arraycopy(max, 0, tile.max, 0, tile.rows);
        System.arraycopy(values, 0, tile.output, 0, tile.rows * stride);
        for (int r = 0; r < tile.rows; r++) {
            tile.sums[r * AttentionTile.SUMS] = sum[r];
        }
    }

    /** Writes a row's output. */
    void finish(int row, float[] outputs, int to) {
        float scale = 1f / sum[row];
        for (int i = 0; i < stride; i++) {
            outputs[to + i] = values[row * stride + i] * scale;
        }
    }
}
