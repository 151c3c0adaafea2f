package io.alisa.attention;

import java.util.Arrays;

import io.alisa.cache.KvLayout;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/** One row's online softmax over a block, in vectors. */
@SuppressWarnings("FloatingPointLiteralPrecision") // coefficients as published
final class VectorSoftmax {
    private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
    private static final int LANES = SPECIES.length();
    private static final int TOKENS = KvLayout.BLOCK_TOKENS;

    /** Below this a weight is zero: e^-87 is the smallest normal float. */
    private static final float LOWEST = -87f;
    /** Adding 1.5 * 2^23 rounds a float to a whole number and leaves that number in the low bits. */
    private static final float ROUND = 12582912f;

    private VectorSoftmax() {
    }

    /** Turns a row's scores into weights relative to the new maximum; returns by what the earlier sums shrink. */
    static float fold(AttentionTile tile, int row) {
        float[] scores = tile.scores;
        int from = row * TOKENS;
        int visible = tile.visible[row];
        if (visible <= 0) {
            Arrays.fill(scores, from, from + TOKENS, 0f);
            return 1f;
        }
        if (tile.softCap != 0) {
            cap(scores, from, tile.softCap);
        }
        if (visible < TOKENS) {
            Arrays.fill(scores, from + visible, from + TOKENS, Float.NEGATIVE_INFINITY);
        }
        float before = tile.max[row];
        float max = Math.max(before, max(scores, from));
        float kept = max == before ? 1f : (float) Math.exp(before - max);
        tile.sum[row] = tile.sum[row] * kept + exponentiate(scores, from, max);
        tile.max[row] = max;
        return kept;
    }

    private static float max(float[] scores, int from) {
        FloatVector max = FloatVector.fromArray(SPECIES, scores, from);
        for (int t = LANES; t < TOKENS; t += LANES) {
            max = max.max(FloatVector.fromArray(SPECIES, scores, from + t));
        }
        return max.reduceLanes(VectorOperators.MAX);
    }

    private static float exponentiate(float[] scores, int from, float max) {
        FloatVector sum = FloatVector.zero(SPECIES);
        for (int t = 0; t < TOKENS; t += LANES) {
            FloatVector weight = exp(FloatVector.fromArray(SPECIES, scores, from + t).sub(max));
            weight.intoArray(scores, from + t);
            sum = sum.add(weight);
        }
        return sum.reduceLanes(VectorOperators.ADD);
    }

    private static void cap(float[] scores, int from, float softCap) {
        for (int t = 0; t < TOKENS; t += LANES) {
            FloatVector x = FloatVector.fromArray(SPECIES, scores, from + t).div(softCap);
            tanh(x).mul(softCap).intoArray(scores, from + t);
        }
    }

    /** e^x for x <= 0, about one unit in the last place off; exactly 0 below {@link #LOWEST} (Cephes expf). */
    private static FloatVector exp(FloatVector x) {
        VectorMask<Float> vanishes = x.compare(VectorOperators.LT, LOWEST);
        FloatVector clamped = x.max(LOWEST);
        FloatVector shifted = clamped.fma(1.44269504f, ROUND);
        FloatVector n = shifted.sub(ROUND);
        // x - n ln 2, with ln 2 in two parts so that the difference stays exact
        FloatVector r = n.mul(-0.693359375f).add(clamped);
        r = n.mul(2.12194440e-4f).add(r);
        FloatVector p = r.fma(1.9875691500e-4f, 1.3981999507e-3f);
        p = p.fma(r, FloatVector.broadcast(SPECIES, 8.3334519073e-3f));
        p = p.fma(r, FloatVector.broadcast(SPECIES, 4.1665795894e-2f));
        p = p.fma(r, FloatVector.broadcast(SPECIES, 1.6666665459e-1f));
        p = p.fma(r, FloatVector.broadcast(SPECIES, 5.0000001201e-1f));
        p = p.mul(r).fma(r, r).add(1f);
        FloatVector power = p.reinterpretAsInts()
                .add(shifted.reinterpretAsInts().lanewise(VectorOperators.LSHL, 23)).reinterpretAsFloats();
        return power.blend(0f, vanishes);
    }

    /** tanh, about two units in the last place off (Cephes tanhf): a polynomial near zero, by e^x elsewhere. */
    private static FloatVector tanh(FloatVector x) {
        FloatVector magnitude = x.abs();
        FloatVector squared = x.mul(x);
        FloatVector p = squared.fma(-5.70498872745e-3f, 2.06390887954e-2f);
        p = p.fma(squared, FloatVector.broadcast(SPECIES, -5.37397155531e-2f));
        p = p.fma(squared, FloatVector.broadcast(SPECIES, 1.33314422036e-1f));
        p = p.fma(squared, FloatVector.broadcast(SPECIES, -3.33332819422e-1f));
        FloatVector near = p.mul(squared).fma(x, x);
        FloatVector shrunk = exp(magnitude.mul(-2f));
        FloatVector far = FloatVector.broadcast(SPECIES, 1f).sub(shrunk).div(shrunk.add(1f));
        FloatVector signed = far.blend(far.neg(), x.compare(VectorOperators.LT, 0f));
        return signed.blend(near, magnitude.compare(VectorOperators.LT, 0.625f));
    }
}
