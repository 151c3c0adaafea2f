package io.alisa.compat;

import io.alisa.compat.scenario.Types;
import io.alisa.compat.tiny.WeightType;

import com.github.tjake.jlama.safetensors.DType;

/**
 * How far apart two correct computations of the same logits may lie, by the coarsest rounding on the way.
 *
 * <p>Needed because the host does not even agree with itself: the sum over a vector's lanes has no fixed order in the
 * Vector API, and the interpreter adds them up in another order than compiled code does. Between the first and the
 * second run in one JVM we saw its logits move by 2e-5 (F32) and, where a last bit tips a BF16 rounding, by 0.03.
 *
 * <p>Between its own Panama and native operations, or between 512 and 256 bit vectors, the host differs from itself in
 * about 4 of 1,000 greedy tokens of the random models where activations are rounded to BF16, in about 10 where they are
 * rounded to I8, and in none where nothing is.
 *
 * <p>Two effects are bounded, each at four standard deviations for each of the two logits of a pair, so eight in all:
 * <ul>
 * <li>Sums in another order. Rounding errors behave like random ones and grow with the root of their number k
 * (Higham and Mary, 2019), so a logit moves by about {@code 2^-24 * sqrt(k)} of its magnitude; k is the length of the
 * sums on the way: context and hidden size, in each layer.
 * <li>A tipped rounding. An activation that is rounded to BF16 or I8 moves by a whole step when such an error takes it
 * over the edge; it is one of {@code hidden} random summands of every logit.
 * </ul>
 */
enum Rounding {
    /** Nothing is rounded to less than F32. */
    F32(0),
    /** Weights in BF16: the host rounds what they are multiplied by to BF16 too. */
    BF16_ACTIVATIONS(0x1p-8),
    /** I8 against Q4: 127 steps up to the largest of 32 values, which is about 2.5 times a typical one. */
    I8_ACTIVATIONS(2.5 / 127),
    /** Working type BF16: the logits themselves are rounded as well. */
    BF16(0x1p-8);

    private final double step;

    Rounding(double step) {
        this.step = step;
    }

    /** What the host makes of the types asked for; the rules are in the constructor of its AbstractModel. */
    static Rounding of(WeightType weights, Types types) {
        if (types.working() == DType.BF16) {
            return BF16;
        }
        if (weights == WeightType.BF16 && types.weights().isEmpty()) {
            return BF16_ACTIVATIONS;
        }
        return types.quantised() == DType.I8 && (weights == WeightType.Q4 || types.weights().isPresent())
                ? I8_ACTIVATIONS
                : F32;
    }

    /** Two logits closer together than this may change places. */
    double tieGap(int layers, int hidden, int context, double largestLogit) {
        double sums = 0x1p-24 * Math.sqrt((double) layers * (context + hidden));
        double tipped = step / Math.sqrt(hidden);
        double ownRounding = this == BF16 ? 0x1p-8 / 4 : 0;
        return 8 * largestLogit * (sums + tipped + ownRounding);
    }

    /**
     * Largest normalised mean squared error of a whole trace. Far above what two orders of summation give, far below
     * what a forgotten scale, bias or position does.
     */
    double errorBound() {
        return this == F32 ? 1e-9 : 1e-3;
    }
}
