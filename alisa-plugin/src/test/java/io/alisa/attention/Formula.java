package io.alisa.attention;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** {@code softmax(cap(q . k)) v} over the tokens added, in double precision. */
public final class Formula {
    private final AttentionShape shape;
    private final List<float[]> keys = new ArrayList<>();
    private final List<float[]> values = new ArrayList<>();
    /** Values that count with a weight that does not follow from a key. */
    private final List<float[]> extraValues = new ArrayList<>();
    private final List<Double> extraWeights = new ArrayList<>();

    public Formula(AttentionShape shape) {
        this.shape = shape;
    }

    public void add(float[] key, float[] value) {
        keys.add(key);
        values.add(value);
    }

    /** Adds a value whose weight beside the others' {@code exp(score)} is {@code exp(logWeight)}. */
    public void addWeighted(double logWeight, float[] value) {
        extraWeights.add(logWeight);
        extraValues.add(value);
    }

    public void clearWeighted() {
        extraWeights.clear();
        extraValues.clear();
    }

    /** Weights of the keys alone, which sum to 1. */
    public double[] weights(float[] queries, int offset) {
        double[] weights = logWeights(queries, offset);
        softmax(weights);
        return Arrays.copyOf(weights, keys.size());
    }

    /** Attends with the query at {@code offset}. */
    public void attend(float[] queries, int offset, double[] outputs, int to) {
        double[] weights = logWeights(queries, offset);
        softmax(weights);
        for (int t = 0; t < weights.length; t++) {
            float[] value = t < keys.size() ? values.get(t) : extraValues.get(t - keys.size());
            for (int c = 0; c < shape.headSize(); c++) {
                outputs[to + c] += weights[t] * value[c];
            }
        }
    }

    private double[] logWeights(float[] queries, int offset) {
        double[] logs = new double[keys.size() + extraWeights.size()];
        for (int t = 0; t < keys.size(); t++) {
            logs[t] = score(queries, offset, keys.get(t));
        }
        for (int t = 0; t < extraWeights.size(); t++) {
            logs[keys.size() + t] = extraWeights.get(t);
        }
        return logs;
    }

    private double score(float[] queries, int offset, float[] key) {
        double dot = 0;
        for (int c = 0; c < key.length; c++) {
            dot += (double) queries[offset + c] * key[c];
        }
        return shape.softCap() == 0 ? dot : shape.softCap() * Math.tanh(dot / shape.softCap());
    }

    private static void softmax(double[] logs) {
        double max = Double.NEGATIVE_INFINITY;
        for (double log : logs) {
            max = Math.max(max, log);
        }
        double sum = 0;
        for (int t = 0; t < logs.length; t++) {
            logs[t] = Math.exp(logs[t] - max);
            sum += logs[t];
        }
        for (int t = 0; t < logs.length; t++) {
            logs[t] /= sum;
        }
    }

    /** Squared error over squared length. */
    public static double nmse(float[] actual, double[] expected) {
        return RandomAttention.nmse(actual, expected);
    }
}
