package io.alisa.attention;

import io.alisa.cache.KvLayout;
import io.alisa.cache.OffHeap;

/** The reference: plain loops, one per line of the formula. Runs where the Vector API does not. */
public final class ScalarKernels implements AttentionKernels {
    private static final int TOKENS = KvLayout.BLOCK_TOKENS;

    @Override
    public String name() {
        return "scalar";
    }

    @Override
    public void rotate(float[] x, int offset, int headSize, float[] cos, float[] sin, int row) {
        int half = headSize / 2;
        for (int i = 0; i < half; i++) {
            float a = x[offset + i];
            float b = x[offset + half + i];
            x[offset + i] = a * cos[row + i] - b * sin[row + i];
            x[offset + half + i] = a * sin[row + i] + b * cos[row + i];
        }
    }

    @Override
    public void attend(AttentionTile tile, long keys, long values, int tokens) {
        for (int row = 0; row < tile.rows; row++) {
            if (tile.visible[row] > 0) {
                score(tile, row, keys);
                float kept = softmax(tile, row);
                addValues(tile, row, values, kept);
            }
        }
    }

    private static void score(AttentionTile tile, int row, long keys) {
        for (int t = 0; t < tile.visible[row]; t++) {
            float dot = 0;
            for (int c = 0; c < tile.headSize; c++) {
                dot += tile.query[tile.queryOffset + row * tile.stride + c]
                        * OffHeap.getFloat(keys + (long) (c * TOKENS + t) * Float.BYTES);
            }
            tile.scores[row * TOKENS + t] = tile.softCap == 0
                    ? dot
                    : (float) (tile.softCap * Math.tanh(dot / tile.softCap));
        }
    }

    /** Turns scores into weights relative to the new maximum; returns by what the earlier sums shrink. */
    private static float softmax(AttentionTile tile, int row) {
        float max = tile.max[row];
        for (int t = 0; t < tile.visible[row]; t++) {
            max = Math.max(max, tile.scores[row * TOKENS + t]);
        }
        float kept = (float) Math.exp(tile.max[row] - max);
        float sum = tile.sum(row) * kept;
        for (int t = 0; t < tile.visible[row]; t++) {
            float weight = (float) Math.exp(tile.scores[row * TOKENS + t] - max);
            tile.scores[row * TOKENS + t] = weight;
            sum += weight;
        }
        tile.max[row] = max;
        tile.sums[row * AttentionTile.SUMS] = sum;
        return kept;
    }

    private static void addValues(AttentionTile tile, int row, long values, float kept) {
        for (int c = 0; c < tile.headSize; c++) {
            float out = tile.output[row * tile.stride + c] * kept;
            for (int t = 0; t < tile.visible[row]; t++) {
                out += tile.scores[row * TOKENS + t]
                        * OffHeap.getFloat(values + (long) (t * tile.stride + c) * Float.BYTES);
            }
            tile.output[row * tile.stride + c] = out;
        }
    }

    @Override
    public void preload(AttentionTile tile, long address, long bytes) {
        // arithmetic is the limit here, not memory
    }

    @Override
    public OrderedKernels ordered() {
        return new ScalarOrderedKernels();
    }
}
