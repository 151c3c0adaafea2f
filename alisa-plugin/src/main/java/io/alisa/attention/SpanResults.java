package io.alisa.attention;

import io.alisa.cache.Growth;
import io.alisa.device.DeviceLayer;

/**
 * The running softmaxes that different spans of the tokens ended with, and how they become one (split-KV, as in
 * FlashDecoding). Spans are joined in their order, whoever computed them.
 *
 * <p>Different KV heads and spans may be kept, and different KV heads joined, by different threads.
 */
public final class SpanResults {
    /** Sums of weights that are smaller have lost bits. */
    private static final float LEAST_SUM = 1e-30f;

    private final AttentionShape shape;
    private final JoinedSpans joined;
    private int spans;
    /** Per query head and span: the running softmax of {@link AttentionTile}. */
    private float[] max = {};
    private float[] sum = {};
    private float[] output = {};
    /** What a device ended with, per query head. */
    private float[] deviceMax = {};
    private float[] deviceSum = {};
    private float[] deviceValues = {};

    public SpanResults(AttentionShape shape) {
        this.shape = shape;
        this.joined = new JoinedSpans(shape, shape.kvHeads() * shape.groupSize());
    }

    /** Expects every KV head in {@code spanCount} spans; allocates only when that grew much. */
    public void begin(int spanCount) {
        spans = spanCount;
        int parts = shape.kvHeads() * shape.groupSize() * spanCount;
        if (parts > max.length) {
            int capacity = Growth.of(max.length, parts);
            max = new float[capacity];
            sum = new float[capacity];
            output = new float[capacity * shape.rowStride()];
        }
    }

    /** Keeps what a tile of a KV head's query heads ended a span with. */
    public void keep(AttentionTile tile, int kvHead, int span) {
        int stride = shape.rowStride();
        for (int r = 0; r < tile.rows; r++) {
            int part = (kvHead * shape.groupSize() + r) * spans + span;
            max[part] = tile.max[r];
            sum[part] = tile.sum(r);
            System.arraycopy(tile.output, r * stride, output, part * stride, stride);
        }
    }

    /** Keeps what a device ended its part of the tokens with, as one span. Returns false where it failed. */
    public boolean keep(DeviceLayer device, int span) {
        int rows = shape.kvHeads() * shape.groupSize();
        int stride = shape.rowStride();
        if (deviceMax.length == 0) {
            deviceMax = new float[rows];
            deviceSum = new float[rows];
            deviceValues = new float[rows * stride];
        }
        if (!device.finish(deviceMax, deviceSum, deviceValues)) {
            return false;
        }
        for (int row = 0; row < rows; row++) {
            int part = row * spans + span;
            max[part] = deviceMax[row];
            sum[part] = deviceSum[row];
            System.arraycopy(deviceValues, row * stride, output, part * stride, stride);
        }
        return true;
    }

    /**
     * Whether floats hold what a device kept last. They do not where an estimate that counts among the scores lies so far
     * above the true ones that these weigh next to nothing.
     */
    public boolean isDeviceExact() {
        for (int row = 0; row < deviceSum.length; row++) {
            if (deviceMax[row] != Float.NEGATIVE_INFINITY && !(deviceSum[row] >= LEAST_SUM)) {
                return false;
            }
        }
        return true;
    }

    /** Writes the outputs of a KV head's query heads. */
    public void join(int kvHead, float[] outputs) {
        int stride = shape.rowStride();
        int firstRow = kvHead * shape.groupSize();
        joined.begin(firstRow, shape.groupSize());
        for (int row = firstRow; row < firstRow + shape.groupSize(); row++) {
            for (int part = row * spans; part < (row + 1) * spans; part++) {
                joined.add(row, max[part], sum[part], output, part * stride);
            }
            joined.finish(row, outputs, row * stride);
        }
    }
}
