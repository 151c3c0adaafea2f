package io.alisa.sparse;

import java.util.Arrays;

import io.alisa.attention.AttentionShape;
import io.alisa.cache.Growth;
import io.alisa.cache.KvLayer;
import org.jspecify.annotations.Nullable;

/**
 * Softmax weights of some tokens, for policies that choose by past weights and for audits: plain loops over any KV
 * format, beside the kernels and independent of them. Owned by one session; allocates only when the context grew much.
 */
final class AttentionWeights {
    private final AttentionShape shape;
    private final float[] key;
    private final Runnable score = this::score;
    /** {@code [query heads of the group][count]}. */
    private double[] scores = {};

    private @Nullable KvLayer layer;
    private int kvHead;
    private float[] queries = {};
    private int firstRow;
    private int[] tokens = {};
    private int count;

    AttentionWeights(AttentionShape shape) {
        this.shape = shape;
        this.key = new float[shape.headSize()];
    }

    /**
     * Computes the weights of the tokens for each of a group's query heads; they sum to one per query head.
     *
     * @param row       row of the first query head in {@code query}
     * @param positions the first {@code positionCount} of them
     */
    void compute(KvLayer kv, int head, float[] query, int row, int[] positions, int positionCount) {
        layer = kv;
        kvHead = head;
        queries = query;
        firstRow = row;
        tokens = positions;
        count = positionCount;
        if (scores.length < shape.groupSize() * count) {
            scores = new double[Growth.of(scores.length, shape.groupSize() * count)];
        }
        kv.read(score);
        for (int g = 0; g < shape.groupSize(); g++) {
            normalise(g * count, count);
        }
    }

    private void score() {
        KvLayer from = layer;
        for (int i = 0; i < count && from != null; i++) {
            from.rows().readKey(tokens[i], kvHead, key);
            for (int g = 0; g < shape.groupSize(); g++) {
                scores[g * count + i] = score(queries, (firstRow + g) * shape.rowStride());
            }
        }
    }

    private double score(float[] query, int offset) {
        float dot = 0;
        for (int channel = 0; channel < key.length; channel++) {
            dot += query[offset + channel] * key[channel];
        }
        return shape.softCap() == 0 ? dot : shape.softCap() * Math.tanh(dot / shape.softCap());
    }

    private void normalise(int from, int count) {
        double max = Double.NEGATIVE_INFINITY;
        for (int i = from; i < from + count; i++) {
            max = Math.max(max, scores[i]);
        }
        double sum = 0;
        for (int i = from; i < from + count; i++) {
            scores[i] = Math.exp(scores[i] - max);
            sum += scores[i];
        }
        for (int i = from; i < from + count; i++) {
            scores[i] /= sum;
        }
    }

    /** Weight of the {@code i}-th of {@code count} tokens for a query head of the group. */
    double of(int headOfGroup, int i, int count) {
        return scores[headOfGroup * count + i];
    }

    /** Adds the weights up over the query heads of the group. */
    void sumTo(float[] sums, int count) {
        Arrays.fill(sums, 0, count, 0f);
        for (int g = 0; g < shape.groupSize(); g++) {
            for (int i = 0; i < count; i++) {
                sums[i] += (float) scores[g * count + i];
            }
        }
    }
}
