package io.alisa.attention;

import java.util.Arrays;

import io.alisa.cache.KvLayout;
import io.alisa.memory.OffHeap;

/** The reference for {@link OrderedKernels}: equal to the vector implementation to the last bit. */
final class ScalarOrderedKernels implements OrderedKernels {
    private static final int TOKENS = KvLayout.BLOCK_TOKENS;

    @Override
    public void score(AttentionTile tile, long keys, SummationOrder order, float scale, float[] parts, float[] scores,
            int to,
            int rowStride) {
        int lanes = order.lanes();
        for (int row = 0; row < tile.rows; row++) {
            int q = tile.queryOffset + row * tile.stride;
            for (int t = 0; t < TOKENS; t++) {
                Arrays.fill(parts, 0, lanes, 0f);
                for (int c = 0; c < tile.headSize; c++) {
                    float key = OffHeap.getFloat(keys + (long) (c * TOKENS + t) * Float.BYTES);
                    parts[c % lanes] = Math.fma(tile.query[q + c], key, parts[c % lanes]);
                }
                addUp(parts, order);
                scores[to + row * rowStride + t] = parts[0] * scale;
            }
        }
    }

    private static void addUp(float[] parts, SummationOrder order) {
        if (!order.byHalves()) {
            for (int j = 1; j < order.lanes(); j++) {
                parts[0] += parts[j];
            }
            return;
        }
        for (int half = order.lanes() / 2; half >= 1; half /= 2) {
            for (int j = 0; j < half; j++) {
                parts[j] += parts[j + half];
            }
        }
    }

    @Override
    public int partsLength(SummationOrder order) {
        return order.lanes();
    }

    @Override
    public void softmax(float[] scores, int rowStride, int rows, int visible, int rowsPerToken, float softCap,
            double[] scratch) {
        for (int row = 0; row < rows; row++) {
            int from = row * rowStride;
            int end = from + visible + row / rowsPerToken;
            float max = Float.NEGATIVE_INFINITY;
            for (int t = from; t < end; t++) {
                scores[t] = cap(scores[t], softCap);
                max = Math.max(max, scores[t]);
            }
            float sum = 0;
            for (int t = from; t < end; t++) {
                scores[t] = (float) Math.exp(scores[t] - max);
                sum += scores[t];
            }
            for (int t = from; t < end; t++) {
                scores[t] /= sum;
            }
            Arrays.fill(scores, end, from + roundUp(end - from), 0f);
        }
    }

    /** {@code tokens} rounded up to whole blocks. */
    static int roundUp(int tokens) {
        return KvLayout.blocks(tokens) * TOKENS;
    }

    /** In single steps, each rounded, as the host has it. */
    static float cap(float score, float softCap) {
        return softCap == 0 ? score : (float) Math.tanh(score / softCap) * softCap;
    }

    @Override
    public void addValues(AttentionTile tile, long values, int tokens) {
        for (int row = 0; row < tile.rows; row++) {
            for (int c = 0; c < tile.headSize; c++) {
                float out = tile.output[row * tile.stride + c];
                for (int t = 0; t < tokens; t++) {
                    out = Math.fma(OffHeap.getFloat(values + (long) (t * tile.stride + c) * Float.BYTES),
                            tile.scores[row * TOKENS + t], out);
                }
                tile.output[row * tile.stride + c] = out;
            }
        }
    }
}
