package io.alisa.attention;

import io.alisa.device.DeviceLayer;

/**
 * The running softmaxes of a batch's rows, of which a device attended one part of the tokens and this machine the other.
 * Different rows may be kept, and joined, by different threads.
 */
final class BatchResults {
    private final int stride;
    private float[] max = {};
    private float[] sum = {};
    private float[] deviceMax = {};
    private float[] deviceSum = {};
    private float[] deviceValues = {};

    BatchResults(AttentionShape shape) {
        this.stride = shape.rowStride();
    }

    void begin(int rows) {
        if (max.length != rows) {
            max = new float[rows];
            sum = new float[rows];
            deviceMax = new float[rows];
            deviceSum = new float[rows];
            deviceValues = new float[rows * stride];
        }
    }

    /** Keeps what a tile ended with, whose first row is {@code firstRow}; its values wait in {@code outputs}. */
    void keep(AttentionTile tile, int firstRow, float[] outputs) {
        System.arraycopy(tile.max, 0, max, firstRow, tile.rows);
        for (int r = 0; r < tile.rows; r++) {
            sum[firstRow + r] = tile.sum(r);
        }
        System.arraycopy(tile.output, 0, outputs, firstRow * stride, tile.rows * stride);
    }

    /** Waits for the device's part. Returns false where it failed. */
    boolean finish(DeviceLayer device) {
        return device.finish(deviceMax, deviceSum, deviceValues);
    }

    /** Writes the outputs of some rows; every row has attended itself at least. */
    void join(int firstRow, int endRow, float[] outputs) {
        for (int row = firstRow; row < endRow; row++) {
            float largest = Math.max(max[row], deviceMax[row]);
            float own = (float) Math.exp(max[row] - largest);
            float other = (float) Math.exp(deviceMax[row] - largest);
            float scale = 1f / (own * sum[row] + other * deviceSum[row]);
            for (int i = row * stride; i < (row + 1) * stride; i++) {
                outputs[i] = (own * outputs[i] + other * deviceValues[i]) * scale;
            }
        }
    }
}
