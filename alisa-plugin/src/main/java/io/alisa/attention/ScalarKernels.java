package io.alisa.attention;

import java.util.Arrays;

import io.alisa.cache.KvLayout;
import io.alisa.memory.OffHeap;

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
                score(tile, row, keys, tile.visible[row]);
                capScores(tile, row);
                float kept = softmax(tile, row, tile.visible[row]);
                addValues(tile, row, values, kept);
            }
        }
    }

    @Override
    public void score(AttentionTile tile, long keys, int tokens) {
        for (int row = 0; row < tile.rows; row++) {
            score(tile, row, keys, tokens);
        }
    }

    private static void score(AttentionTile tile, int row, long keys, int tokens) {
        for (int t = 0; t < tokens; t++) {
            float dot = 0;
            for (int c = 0; c < tile.headSize; c++) {
                dot += tile.query[tile.queryOffset + row * tile.stride + c]
                        * OffHeap.getFloat(keys + (long) (c * TOKENS + t) * Float.BYTES);
            }
            tile.scores[row * TOKENS + t] = dot;
        }
    }

    private static void capScores(AttentionTile tile, int row) {
        for (int t = 0; t < tile.visible[row]; t++) {
            tile.scores[row * TOKENS + t] = cap(tile.scores[row * TOKENS + t], tile.softCap);
        }
    }

    static float cap(float score, float softCap) {
        return softCap == 0 ? score : (float) (softCap * Math.tanh(score / softCap));
    }

    /**
     * Turns a row's first {@code tokens} scores into weights relative to its new maximum; returns by what its earlier
     * sums shrink.
     */
    static float softmax(AttentionTile tile, int row, int tokens) {
        float before = tile.max[row];
        float max = before;
        for (int t = 0; t < tokens; t++) {
            max = Math.max(max, tile.scores[row * TOKENS + t]);
        }
        // A row that has seen nothing yet has no maximum: any number does, its weights are zero.
        float shift = max == Float.NEGATIVE_INFINITY ? 0f : max;
        float kept = max == before ? 1f : (float) Math.exp(before - max);
        float sum = tile.sum(row) * kept;
        for (int t = 0; t < tokens; t++) {
            float weight = (float) Math.exp(tile.scores[row * TOKENS + t] - shift);
            tile.scores[row * TOKENS + t] = weight;
            sum += weight;
        }
        tile.max[row] = max;
        Arrays.fill(tile.sums, row * AttentionTile.SUMS, (row + 1) * AttentionTile.SUMS, 0f);
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

    @Override
    public Int8Kernels int8() {
        return new ScalarInt8Kernels();
    }
}
