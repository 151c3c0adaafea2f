package io.alisa.cuda.kernels;

import java.util.Arrays;

/** Attention of one query row in double precision: all scores, then the softmax. */
final class Reference {
    private final double[] query;
    private final double softCap;
    private double[] scores = new double[64];
    private double[][] values = new double[64][];
    private int count;

    Reference(float[] row, int headSize, double softCap) {
        query = new double[headSize];
        for (int c = 0; c < headSize; c++) {
            query[c] = row[c];
        }
        this.softCap = softCap;
    }

    double score(double[] key) {
        double dot = 0;
        for (int c = 0; c < query.length; c++) {
            dot += query[c] * key[c];
        }
        return softCap == 0 ? dot : softCap * Math.tanh(dot / softCap);
    }

    void add(double[] key, double[] value) {
        if (count == scores.length) {
            scores = Arrays.copyOf(scores, 2 * count);
            values = Arrays.copyOf(values, 2 * count);
        }
        scores[count] = score(key);
        values[count] = value.clone();
        count++;
    }

    int count() {
        return count;
    }

    double largest() {
        double largest = Double.NEGATIVE_INFINITY;
        for (int i = 0; i < count; i++) {
            largest = Math.max(largest, scores[i]);
        }
        return largest;
    }

    /** Sum of the weights relative to {@link #largest}. */
    double sum() {
        double largest = largest();
        double sum = 0;
        for (int i = 0; i < count; i++) {
            sum += Math.exp(scores[i] - largest);
        }
        return sum;
    }

    /** The output: the mean value by weight. */
    double[] output() {
        double largest = largest();
        double sum = sum();
        double[] output = new double[query.length];
        for (int i = 0; i < count; i++) {
            double weight = Math.exp(scores[i] - largest) / sum;
            for (int c = 0; c < output.length; c++) {
                output[c] += weight * values[i][c];
            }
        }
        return output;
    }
}
