package io.alisa.attention;

import java.util.Arrays;

import io.alisa.cache.KvLayout;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * The online softmax over a block, in vectors of tokens.
 *
 * <p>The compiler inlines only so much into one method, and a vector that crosses a call costs an allocation: so each
 * method here has one call of {@link #exp}, and constants are broadcast in full rather than by a helper or by the
 * methods that take a plain float.
 */
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

    /** Caps a row's scores and hides those that the row does not see. */
    static void capAndHide(AttentionTile tile, int row) {
        int from = row * TOKENS;
        int visible = tile.visible[row];
        if (tile.softCap != 0) {
            cap(tile.scores, from, tile.softCap);
        }
        if (visible < TOKENS) {
            int end = end(tile, row);
            Arrays.fill(tile.scores, from + Math.max(0, visible), from + end, Float.NEGATIVE_INFINITY);
            Arrays.fill(tile.scores, from + end, from + TOKENS, 0f); // no weight there
        }
    }

    /** Tokens of a block, in whole vectors, that a row's softmax has to look at. */
    static int end(AttentionTile tile, int row) {
        return Math.max(1, (tile.visible[row] + LANES - 1) / LANES) * LANES;
    }

    /**
     * Raises a row's maximum to that of its first {@code end} scores; returns by what its earlier sums shrink. Apart from
     * {@link #weigh}, so that the rows of a tile can wait for their maxima together.
     */
    static float raise(AttentionTile tile, int row, int end) {
        float before = tile.max[row];
        float max = Math.max(before, max(tile.scores, row * TOKENS, end));
        if (max == before) {
            return 1f;
        }
        tile.max[row] = max;
        return (float) Math.exp(before - max);
    }

    /** Turns a row's first {@code end} scores into weights relative to its maximum, and adds them to its sum. */
    static void weigh(AttentionTile tile, int row, float kept, int end) {
        float max = tile.max[row];
        // A row that has seen nothing yet has no maximum: any number does, its weights are zero.
        exponentiate(tile.scores, row * TOKENS, end, max == Float.NEGATIVE_INFINITY ? 0f : max, tile.sums,
                row * AttentionTile.SUMS, kept);
    }

    /** The same for all 64, and multiplies each weight by a scale, of which the sum takes no notice. */
    static void weighAndScale(AttentionTile tile, int row, float kept, float[] scale) {
        float max = tile.max[row];
        FloatVector sum = FloatVector.fromArray(SPECIES, tile.sums, row * AttentionTile.SUMS)
                .mul(FloatVector.broadcast(SPECIES, kept));
        FloatVector shift = FloatVector.broadcast(SPECIES, max == Float.NEGATIVE_INFINITY ? 0f : max);
        for (int t = 0; t < TOKENS; t += LANES) {
            FloatVector weight = exp(FloatVector.fromArray(SPECIES, tile.scores, row * TOKENS + t).sub(shift));
            weight.mul(FloatVector.fromArray(SPECIES, scale, t)).intoArray(tile.scores, row * TOKENS + t);
            sum = sum.add(weight);
        }
        sum.intoArray(tile.sums, row * AttentionTile.SUMS);
    }

    private static void exponentiate(float[] scores, int from, int end, float max, float[] sums, int s, float kept) {
        FloatVector sum = FloatVector.fromArray(SPECIES, sums, s).mul(FloatVector.broadcast(SPECIES, kept));
        FloatVector shift = FloatVector.broadcast(SPECIES, max);
        for (int t = from; t < from + end; t += LANES) {
            FloatVector weight = exp(FloatVector.fromArray(SPECIES, scores, t).sub(shift));
            weight.intoArray(scores, t);
            sum = sum.add(weight);
        }
        sum.intoArray(sums, s);
    }

    /**
     * The largest of the first {@code end} scores. Comparing and blending is cheaper than {@code max}, which must mind signed zeros and
     * NaN; the lanes are reduced as integers of the same order for the same reason.
     */
    private static float max(float[] scores, int from, int end) {
        FloatVector max = FloatVector.fromArray(SPECIES, scores, from);
        for (int t = LANES; t < end; t += LANES) {
            FloatVector x = FloatVector.fromArray(SPECIES, scores, from + t);
            max = max.blend(x, x.compare(VectorOperators.GT, max));
        }
        IntVector bits = max.reinterpretAsInts();
        IntVector ordered = bits.lanewise(VectorOperators.XOR,
                bits.lanewise(VectorOperators.ASHR, 31).lanewise(VectorOperators.AND, Integer.MAX_VALUE));
        int largest = ordered.reduceLanes(VectorOperators.MAX);
        return Float.intBitsToFloat(largest ^ ((largest >> 31) & Integer.MAX_VALUE));
    }

    static void cap(float[] scores, int from, float softCap) {
        FloatVector cap = FloatVector.broadcast(SPECIES, softCap);
        for (int t = 0; t < TOKENS; t += LANES) {
            FloatVector x = FloatVector.fromArray(SPECIES, scores, from + t).div(cap);
            tanh(x).mul(cap).intoArray(scores, from + t);
        }
    }

    /** e^x for x <= 0, about one unit in the last place off; exactly 0 below {@link #LOWEST} (Cephes expf). */
    private static FloatVector exp(FloatVector x) {
        VectorMask<Float> vanishes = x.compare(VectorOperators.LT, FloatVector.broadcast(SPECIES, LOWEST));
        FloatVector clamped = x.blend(FloatVector.broadcast(SPECIES, LOWEST), vanishes);
        FloatVector shifted = clamped.fma(FloatVector.broadcast(SPECIES, 1.44269504f),
                FloatVector.broadcast(SPECIES, ROUND));
        FloatVector n = shifted.sub(FloatVector.broadcast(SPECIES, ROUND));
        // x - n ln 2, with ln 2 in two parts so that the difference stays exact
        FloatVector r = n.fma(FloatVector.broadcast(SPECIES, -0.693359375f), clamped);
        r = n.fma(FloatVector.broadcast(SPECIES, 2.12194440e-4f), r);
        // The polynomial in pairs of terms: a shorter chain than one term after the other.
        FloatVector squared = r.mul(r);
        FloatVector high = r.fma(FloatVector.broadcast(SPECIES, 1.9875691500e-4f),
                FloatVector.broadcast(SPECIES, 1.3981999507e-3f));
        FloatVector middle = r.fma(FloatVector.broadcast(SPECIES, 8.3334519073e-3f),
                FloatVector.broadcast(SPECIES, 4.1665795894e-2f));
        FloatVector low = r.fma(FloatVector.broadcast(SPECIES, 1.6666665459e-1f),
                FloatVector.broadcast(SPECIES, 5.0000001201e-1f));
        FloatVector p = high.fma(squared, middle).fma(squared, low).fma(squared, r)
                .add(FloatVector.broadcast(SPECIES, 1f));
        FloatVector power = p.reinterpretAsInts()
                .add(shifted.reinterpretAsInts().lanewise(VectorOperators.LSHL, 23)).reinterpretAsFloats();
        return power.blend(FloatVector.broadcast(SPECIES, 0f), vanishes);
    }

    /**
     * tanh, about two units in the last place off (Cephes tanhf): a polynomial near zero, by e^x elsewhere. {@link SoftCap}
     * takes the same steps for one float.
     */
    static FloatVector tanh(FloatVector x) {
        FloatVector magnitude = x.abs();
        FloatVector squared = x.mul(x);
        FloatVector p = squared.fma(FloatVector.broadcast(SPECIES, -5.70498872745e-3f),
                FloatVector.broadcast(SPECIES, 2.06390887954e-2f));
        p = p.fma(squared, FloatVector.broadcast(SPECIES, -5.37397155531e-2f));
        p = p.fma(squared, FloatVector.broadcast(SPECIES, 1.33314422036e-1f));
        p = p.fma(squared, FloatVector.broadcast(SPECIES, -3.33332819422e-1f));
        FloatVector near = p.mul(squared).fma(x, x);
        FloatVector shrunk = exp(magnitude.mul(FloatVector.broadcast(SPECIES, -2f)));
        FloatVector far = FloatVector.broadcast(SPECIES, 1f).sub(shrunk)
                .div(shrunk.add(FloatVector.broadcast(SPECIES, 1f)));
        FloatVector signed = far.blend(far.neg(), x.compare(VectorOperators.LT, FloatVector.broadcast(SPECIES, 0f)));
        return signed.blend(near, magnitude.compare(VectorOperators.LT, FloatVector.broadcast(SPECIES, 0.625f)));
    }
}
