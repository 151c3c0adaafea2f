package io.alisa.attention;

import java.util.Arrays;
import java.util.Random;

import io.alisa.cache.KvFormat;
import io.alisa.cache.KvLayer;
import io.alisa.cache.KvLayout;
import io.alisa.cache.KvSession;
import io.alisa.parallel.WorkerTeam;

/**
 * Random keys, values and queries, what the kernels make of them, and what the formula says in double precision:
 * {@code softmax(cap(q . k)) v} over the tokens up to the query's own.
 */
final class RandomAttention implements AutoCloseable {
    private static final int ROOM = 4096;
    /** Tokens that stood behind the last one and were given up: nothing may look at them. */
    private static final int STALE = 70;

    final AttentionShape shape;
    final int start;
    final int positions;
    final float[] queries;

    private final KvSession session;
    private final float[][][] keys;
    private final float[][][] values;

    /**
     * @param start     tokens before the first query
     * @param positions queries; the tokens are {@code start + positions}
     * @param spread    factor on the queries: the larger, the further apart the scores lie
     */
    RandomAttention(AttentionShape shape, int start, int positions, double spread, long seed) {
        this.shape = shape;
        this.start = start;
        this.positions = positions;
        Random random = new Random(seed);
        int tokens = start + positions;
        keys = new float[shape.kvHeads()][tokens][shape.headSize()];
        values = new float[shape.kvHeads()][tokens][shape.headSize()];
        session = new KvSession(new KvLayout(KvFormat.F32, shape.kvHeads(), shape.headSize()), 1, ROOM);
        KvLayer layer = session.layer(0);
        layer.resize(tokens + STALE);
        float[] stale = new float[shape.headSize()];
        Arrays.fill(stale, Float.NaN);
        for (int head = 0; head < shape.kvHeads(); head++) {
            for (int token = 0; token < tokens; token++) {
                fill(keys[head][token], random, 1);
                fill(values[head][token], random, 1);
                layer.rows().putKey(token, head, keys[head][token], 0);
                layer.rows().putValue(token, head, values[head][token], 0);
            }
            for (int token = tokens; token < tokens + STALE; token++) {
                layer.rows().putKey(token, head, stale, 0);
                layer.rows().putValue(token, head, stale, 0);
            }
        }
        layer.resize(tokens);
        queries = new float[shape.floats(positions)];
        float[] head = new float[shape.headSize()];
        for (int row = 0; row < queries.length / shape.rowStride(); row++) {
            fill(head, random, spread / Math.sqrt(shape.headSize()));
            System.arraycopy(head, 0, queries, row * shape.rowStride(), head.length);
        }
    }

    private static void fill(float[] target, Random random, double spread) {
        for (int i = 0; i < target.length; i++) {
            target[i] = (float) (random.nextGaussian() * spread);
        }
    }

    KvLayer layer() {
        return session.layer(0);
    }

    float[] decode(AttentionKernels kernels, WorkerTeam team) {
        float[] output = new float[queries.length];
        new DecodeAttention(shape, kernels, team, layer()).run(layer(), queries, output);
        return output;
    }

    float[] prefill(AttentionKernels kernels, WorkerTeam team) {
        float[] output = new float[queries.length];
        new PrefillAttention(shape, kernels, team, session).run(layer(), start, positions, queries, output);
        return output;
    }

    /** The formula. */
    double[] expected() {
        double[] output = new double[queries.length];
        for (int head = 0; head < shape.kvHeads(); head++) {
            for (int position = 0; position < positions; position++) {
                for (int member = 0; member < shape.groupSize(); member++) {
                    int row = shape.row(head, position, member, positions) * shape.rowStride();
                    attend(row, keys[head], values[head], start + position + 1, output);
                }
            }
        }
        return output;
    }

    private void attend(int row, float[][] key, float[][] value, int tokens, double[] output) {
        double[] weights = new double[tokens];
        double max = Double.NEGATIVE_INFINITY;
        for (int t = 0; t < tokens; t++) {
            weights[t] = score(row, key[t]);
            max = Math.max(max, weights[t]);
        }
        double sum = 0;
        for (int t = 0; t < tokens; t++) {
            weights[t] = Math.exp(weights[t] - max);
            sum += weights[t];
        }
        for (int t = 0; t < tokens; t++) {
            double weight = weights[t] / sum;
            for (int c = 0; c < shape.headSize(); c++) {
                output[row + c] += weight * value[t][c];
            }
        }
    }

    private double score(int row, float[] key) {
        double dot = 0;
        for (int c = 0; c < key.length; c++) {
            dot += (double) queries[row + c] * key[c];
        }
        return shape.softCap() == 0 ? dot : shape.softCap() * Math.tanh(dot / shape.softCap());
    }

    /** Squared error over squared length. */
    static double nmse(float[] actual, double[] expected) {
        double error = 0;
        double length = 0;
        for (int i = 0; i < actual.length; i++) {
            error += (actual[i] - expected[i]) * (actual[i] - expected[i]);
            length += expected[i] * expected[i];
        }
        return error / length;
    }

    @Override
    public void close() {
        session.close();
    }

    @Override
    public String toString() {
        return shape + ", " + positions + " positions from " + start;
    }
}
