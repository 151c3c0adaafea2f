package io.alisa.attention;

import io.alisa.cache.KvLayout;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/** e^x in double precision, rounded to float: what a scalar {@code (float) Math.exp(x)} gives. */
@SuppressWarnings("FloatingPointLiteralPrecision") // constants as published
final class VectorExp {
    private static final VectorSpecies<Double> DOUBLES = DoubleVector.SPECIES_PREFERRED;
    /** As many floats as there are doubles in a vector. */
    private static final VectorSpecies<Float> FLOATS = VectorSpecies.of(float.class,
            VectorShape.forBitSize(DOUBLES.vectorBitSize() / 2));

    /** Adding 1.5 * 2^52 rounds a double to a whole number and leaves that number in the low bits. */
    private static final double ROUND = 6755399441055744.0;
    private static final double LOG2_E = 1.4426950408889634;
    /** ln 2 in two parts: the first has few enough bits that its product with the exponent is exact. */
    private static final double LN2_HIGH = 6.93147180369123816490e-01;
    private static final double LN2_LOW = 1.90821492927058770002e-10;
    /** Below this even a double underflows; the float is zero long before. */
    private static final double LOWEST = -700;

    private VectorExp() {
    }

    /**
     * Replaces {@code x[i]} by {@code e^(x[i] - shift)}, the difference rounded to float first. In three sweeps over a
     * block, because the compiler inlines only so much into one method.
     *
     * @param end     the range is a whole number of blocks
     * @param scratch {@link KvLayout#BLOCK_TOKENS} doubles
     */
    static void exponentiate(float[] x, int from, int end, float shift, double[] scratch) {
        for (int i = from; i < end; i += KvLayout.BLOCK_TOKENS) {
            subtract(x, i, shift, scratch);
            exp(scratch);
            round(scratch, x, i);
        }
    }

    private static void subtract(float[] x, int from, float shift, double[] differences) {
        FloatVector shifts = FloatVector.broadcast(FLOATS, shift);
        for (int i = 0; i < KvLayout.BLOCK_TOKENS; i += FLOATS.length()) {
            FloatVector difference = FloatVector.fromArray(FLOATS, x, from + i).sub(shifts);
            ((DoubleVector) difference.convertShape(VectorOperators.F2D, DOUBLES, 0)).intoArray(differences, i);
        }
    }

    private static void round(double[] values, float[] x, int from) {
        for (int i = 0; i < KvLayout.BLOCK_TOKENS; i += FLOATS.length()) {
            ((FloatVector) DoubleVector.fromArray(DOUBLES, values, i).convertShape(VectorOperators.D2F, FLOATS, 0))
                    .intoArray(x, from + i);
        }
    }

    /** The Taylor series up to the twelfth power: off by less than one unit in the last place of a double or two. */
    private static void exp(double[] x) {
        DoubleVector lowest = DoubleVector.broadcast(DOUBLES, LOWEST);
        for (int i = 0; i < KvLayout.BLOCK_TOKENS; i += DOUBLES.length()) {
            DoubleVector clamped = DoubleVector.fromArray(DOUBLES, x, i);
            clamped = clamped.blend(lowest, clamped.compare(VectorOperators.LT, lowest));
            DoubleVector shifted = clamped.fma(DoubleVector.broadcast(DOUBLES, LOG2_E),
                    DoubleVector.broadcast(DOUBLES, ROUND));
            DoubleVector n = shifted.sub(DoubleVector.broadcast(DOUBLES, ROUND));
            DoubleVector r = n.fma(DoubleVector.broadcast(DOUBLES, -LN2_HIGH), clamped);
            r = n.fma(DoubleVector.broadcast(DOUBLES, -LN2_LOW), r);
            DoubleVector p = DoubleVector.broadcast(DOUBLES, 1.0 / 479001600);
            p = p.fma(r, DoubleVector.broadcast(DOUBLES, 1.0 / 39916800));
            p = p.fma(r, DoubleVector.broadcast(DOUBLES, 1.0 / 3628800));
            p = p.fma(r, DoubleVector.broadcast(DOUBLES, 1.0 / 362880));
            p = p.fma(r, DoubleVector.broadcast(DOUBLES, 1.0 / 40320));
            p = p.fma(r, DoubleVector.broadcast(DOUBLES, 1.0 / 5040));
            p = p.fma(r, DoubleVector.broadcast(DOUBLES, 1.0 / 720));
            p = p.fma(r, DoubleVector.broadcast(DOUBLES, 1.0 / 120));
            p = p.fma(r, DoubleVector.broadcast(DOUBLES, 1.0 / 24));
            p = p.fma(r, DoubleVector.broadcast(DOUBLES, 1.0 / 6));
            p = p.fma(r, DoubleVector.broadcast(DOUBLES, 0.5));
            p = p.fma(r, DoubleVector.broadcast(DOUBLES, 1.0));
            p = p.fma(r, DoubleVector.broadcast(DOUBLES, 1.0));
            p.reinterpretAsLongs().add(shifted.reinterpretAsLongs().lanewise(VectorOperators.LSHL, 52))
                    .reinterpretAsDoubles().intoArray(x, i);
        }
    }
}
