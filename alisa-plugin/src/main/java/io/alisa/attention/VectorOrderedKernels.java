package io.alisa.attention;

import static io.alisa.attention.VectorMemory.load;

import java.util.Arrays;

import io.alisa.cache.KvLayout;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/** {@link OrderedKernels} in the Vector API: vectors of tokens for scores, of channels for values. */
final class VectorOrderedKernels implements OrderedKernels {
    private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
    private static final int LANES = SPECIES.length();
    private static final long VECTOR_BYTES = (long) LANES * Float.BYTES;
    private static final int TOKENS = KvLayout.BLOCK_TOKENS;
    private static final long KEY_STRIDE = (long) TOKENS * Float.BYTES;
    /** Vectors that are worked on together: two rows by two vectors of tokens. */
    private static final int TOGETHER = 4;

    @Override
    public int partsLength(SummationOrder order) {
        return order.lanes() * TOGETHER * LANES;
    }

    @Override
    public void score(AttentionTile tile, long keys, SummationOrder order, float scale, float[] parts, float[] scores,
            int to,
            int rowStride) {
        int lanes = order.lanes();
        for (int row = 0; row < tile.rows; row += 2) {
            // A last odd row is worked on twice: it costs nothing more than a second method would.
            int other = Math.min(row + 1, tile.rows - 1);
            int q0 = tile.queryOffset + row * tile.stride;
            int q1 = tile.queryOffset + other * tile.stride;
            for (int t = 0; t < TOKENS; t += 2 * LANES) {
                for (int j = 0; j < lanes / 2; j++) {
                    pairOfParts(tile.query, q0, q1, tile.headSize, lanes, j, keys + (long) t * Float.BYTES, parts);
                }
                addUp(parts, order);
                scaleInto(parts, scale, scores, to + row * rowStride + t, to + other * rowStride + t);
            }
        }
    }

    /** Partial sums {@code j} and {@code j + lanes / 2} for two rows and two vectors of tokens. */
    private static void pairOfParts(float[] query, int q0, int q1, int headSize, int lanes, int j, long keys,
            float[] parts) {
        FloatVector a0 = FloatVector.zero(SPECIES);
        FloatVector a1 = a0;
        FloatVector b0 = a0;
        FloatVector b1 = a0;
        FloatVector c0 = a0;
        FloatVector c1 = a0;
        FloatVector d0 = a0;
        FloatVector d1 = a0;
        int half = lanes / 2;
        long low = keys + j * KEY_STRIDE;
        long high = low + half * KEY_STRIDE;
        long step = lanes * KEY_STRIDE;
        for (int i = j; i < headSize; i += lanes) {
            FloatVector k0 = load(low);
            FloatVector k1 = load(low + VECTOR_BYTES);
            FloatVector x = FloatVector.broadcast(SPECIES, query[q0 + i]);
            a0 = x.fma(k0, a0);
            a1 = x.fma(k1, a1);
            x = FloatVector.broadcast(SPECIES, query[q1 + i]);
            c0 = x.fma(k0, c0);
            c1 = x.fma(k1, c1);
            k0 = load(high);
            k1 = load(high + VECTOR_BYTES);
            x = FloatVector.broadcast(SPECIES, query[q0 + half + i]);
            b0 = x.fma(k0, b0);
            b1 = x.fma(k1, b1);
            x = FloatVector.broadcast(SPECIES, query[q1 + half + i]);
            d0 = x.fma(k0, d0);
            d1 = x.fma(k1, d1);
            low += step;
            high += step;
        }
        int p = j * TOGETHER * LANES;
        a0.intoArray(parts, p);
        a1.intoArray(parts, p + LANES);
        c0.intoArray(parts, p + 2 * LANES);
        c1.intoArray(parts, p + 3 * LANES);
        p += half * TOGETHER * LANES;
        b0.intoArray(parts, p);
        b1.intoArray(parts, p + LANES);
        d0.intoArray(parts, p + 2 * LANES);
        d1.intoArray(parts, p + 3 * LANES);
    }

    private static void addUp(float[] parts, SummationOrder order) {
        if (order.byHalves()) {
            for (int half = order.lanes() / 2; half >= 1; half /= 2) {
                add(parts, half * TOGETHER * LANES, half * TOGETHER * LANES);
            }
        } else {
            for (int j = 1; j < order.lanes(); j++) {
                add(parts, j * TOGETHER * LANES, TOGETHER * LANES);
            }
        }
    }

    /** Adds {@code count} floats from {@code from} on to the first ones. */
    private static void add(float[] parts, int from, int count) {
        for (int i = 0; i < count; i += LANES) {
            FloatVector.fromArray(SPECIES, parts, i).add(FloatVector.fromArray(SPECIES, parts, from + i))
                    .intoArray(parts, i);
        }
    }

    private static void scaleInto(float[] parts, float scale, float[] scores, int to, int toOther) {
        FloatVector factor = FloatVector.broadcast(SPECIES, scale);
        FloatVector.fromArray(SPECIES, parts, 0).mul(factor).intoArray(scores, to);
        FloatVector.fromArray(SPECIES, parts, LANES).mul(factor).intoArray(scores, to + LANES);
        FloatVector.fromArray(SPECIES, parts, 2 * LANES).mul(factor).intoArray(scores, toOther);
        FloatVector.fromArray(SPECIES, parts, 3 * LANES).mul(factor).intoArray(scores, toOther + LANES);
    }

    @Override
    public void softmax(float[] scores, int rowStride, int rows, int visible, int rowsPerToken, float softCap,
            double[] scratch) {
        for (int row = 0; row < rows; row++) {
            int from = row * rowStride;
            int end = from + visible + row / rowsPerToken;
            int blockEnd = from + ScalarOrderedKernels.roundUp(end - from);
            for (int t = from; softCap != 0 && t < end; t++) {
                scores[t] = ScalarOrderedKernels.cap(scores[t], softCap);
            }
            Arrays.fill(scores, end, blockEnd, Float.NEGATIVE_INFINITY);
            VectorExp.exponentiate(scores, from, blockEnd, max(scores, from, blockEnd), scratch);
        }
        for (int row = 0; row < rows; row += 4) {
            divideBySums(scores, rowStride, row, Math.min(4, rows - row), visible, rowsPerToken);
        }
    }

    private static float max(float[] scores, int from, int end) {
        FloatVector max = FloatVector.fromArray(SPECIES, scores, from);
        for (int t = from + LANES; t < end; t += LANES) {
            FloatVector x = FloatVector.fromArray(SPECIES, scores, t);
            max = max.blend(x, x.compare(VectorOperators.GT, max));
        }
        return max.reduceLanes(VectorOperators.MAX);
    }

    /** Sums run token by token, which is slow for one row: four rows take turns. */
    private static void divideBySums(float[] scores, int rowStride, int row, int count, int visible,
            int rowsPerToken) {
        int first = row * rowStride;
        int second = (row + Math.min(1, count - 1)) * rowStride;
        int third = (row + Math.min(2, count - 1)) * rowStride;
        int fourth = (row + Math.min(3, count - 1)) * rowStride;
        int tokens = ScalarOrderedKernels.roundUp(visible + (row + count - 1) / rowsPerToken);
        float sum0 = 0;
        float sum1 = 0;
        float sum2 = 0;
        float sum3 = 0;
        // What follows a row's last token is zero and changes no sum; rows are as long as the longest needs.
        for (int t = 0; t < tokens; t++) {
            sum0 += scores[first + t];
            sum1 += scores[second + t];
            sum2 += scores[third + t];
            sum3 += scores[fourth + t];
        }
        divide(scores, first, tokens, sum0);
        if (count > 1) {
            divide(scores, second, tokens, sum1);
        }
        if (count > 2) {
            divide(scores, third, tokens, sum2);
        }
        if (count > 3) {
            divide(scores, fourth, tokens, sum3);
        }
    }

    private static void divide(float[] scores, int from, int tokens, float sum) {
        FloatVector divisor = FloatVector.broadcast(SPECIES, sum);
        for (int t = from; t < from + tokens; t += LANES) {
            FloatVector.fromArray(SPECIES, scores, t).div(divisor).intoArray(scores, t);
        }
    }

    @Override
    public void addValues(AttentionTile tile, long values, int tokens) {
        Arrays.fill(tile.kept, 1f);
        int row = 0;
        for (; row + 4 <= tile.rows; row += 4) {
            VectorValues.addTo4(tile, row, values, tokens);
        }
        for (; row < tile.rows; row++) {
            VectorValues.addTo1(tile, row, values, tokens);
        }
    }
}
