package io.alisa.attention;

import io.alisa.cache.KvLayout;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/** {@link SelectionKernels} in vectors of tokens. */
final class VectorSelectionKernels implements SelectionKernels {
    private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
    private static final int LANES = SPECIES.length();
    private static final int TOKENS = KvLayout.BLOCK_TOKENS;
    private static final VectorShuffle<Float> BY_8 = rotation(8);
    private static final VectorShuffle<Float> BY_4 = rotation(4);
    private static final VectorShuffle<Float> BY_2 = rotation(2);
    private static final VectorShuffle<Float> BY_1 = rotation(1);

    private static VectorShuffle<Float> rotation(int by) {
        return VectorShuffle.iota(SPECIES, by, 1, true);
    }

    @Override
    public void importance(float[] scores, int rows, int stride, int tokens, float[] best, float[] importance) {
        for (int row = 0; row < rows; row++) {
            best[row] = max(scores, row * stride, tokens);
            if (row == 0) {
                first(scores, tokens, best[0], importance);
            } else {
                next(scores, row * stride, tokens, best[row], importance);
            }
        }
    }

    private static float max(float[] scores, int from, int tokens) {
        FloatVector a = FloatVector.broadcast(SPECIES, Float.NEGATIVE_INFINITY);
        FloatVector b = a;
        for (int i = from; i < from + tokens; i += 2 * LANES) {
            FloatVector x = FloatVector.fromArray(SPECIES, scores, i);
            FloatVector y = FloatVector.fromArray(SPECIES, scores, i + LANES);
            a = a.blend(x, x.compare(VectorOperators.GT, a));
            b = b.blend(y, y.compare(VectorOperators.GT, b));
        }
        return Math.max(a.reduceLanes(VectorOperators.MAX), b.reduceLanes(VectorOperators.MAX));
    }

    private static void first(float[] scores, int tokens, float best, float[] importance) {
        FloatVector shift = FloatVector.broadcast(SPECIES, best);
        for (int i = 0; i < tokens; i += LANES) {
            FloatVector.fromArray(SPECIES, scores, i).sub(shift).intoArray(importance, i);
        }
    }

    private static void next(float[] scores, int from, int tokens, float best, float[] importance) {
        FloatVector shift = FloatVector.broadcast(SPECIES, best);
        for (int i = 0; i < tokens; i += LANES) {
            FloatVector x = FloatVector.fromArray(SPECIES, scores, from + i).sub(shift);
            FloatVector y = FloatVector.fromArray(SPECIES, importance, i);
            y.blend(x, x.compare(VectorOperators.GT, y)).intoArray(importance, i);
        }
    }

    @Override
    public int count(float[] importance, int blocks, float threshold) {
        FloatVector limit = FloatVector.broadcast(SPECIES, threshold);
        int count = 0;
        for (int i = 0; i < blocks * TOKENS; i += 2 * LANES) {
            count += FloatVector.fromArray(SPECIES, importance, i).compare(VectorOperators.GE, limit).trueCount();
            count += FloatVector.fromArray(SPECIES, importance, i + LANES).compare(VectorOperators.GE, limit)
                    .trueCount();
        }
        return count;
    }

    @Override
    public long atLeast(float[] importance, int block, float threshold) {
        FloatVector limit = FloatVector.broadcast(SPECIES, threshold);
        long found = 0;
        for (int i = 0; i < TOKENS; i += LANES) {
            found |= FloatVector.fromArray(SPECIES, importance, block * TOKENS + i)
                    .compare(VectorOperators.GE, limit).toLong() << i;
        }
        return found;
    }

    @Override
    public void skippedMass(float[] scores, int offset, int blocks, float best, long[] attended, float[] sums, int to) {
        for (int block = 0; block < blocks; block++) {
            sums[to + block] = attended[block] == -1L
                    ? 0f
                    : mass(scores, offset + block * TOKENS, best, attended[block]);
        }
    }

    private static float mass(float[] scores, int from, float best, long attended) {
        FloatVector shift = FloatVector.broadcast(SPECIES, best);
        FloatVector lowest = FloatVector.broadcast(SPECIES, ScalarSelectionKernels.LOWEST);
        FloatVector perUnit = FloatVector.broadcast(SPECIES, ScalarSelectionKernels.PER_UNIT);
        FloatVector one = FloatVector.broadcast(SPECIES, ScalarSelectionKernels.ONE);
        FloatVector sum = FloatVector.zero(SPECIES);
        for (int i = 0; i < TOKENS; i += LANES) {
            FloatVector x = FloatVector.fromArray(SPECIES, scores, from + i).sub(shift);
            VectorMask<Float> counts = VectorMask.fromLong(SPECIES, ~attended >>> i)
                    .and(x.compare(VectorOperators.GE, lowest));
            IntVector bits = (IntVector) x.fma(perUnit, one).convert(VectorOperators.F2I, 0);
            sum = sum.add(bits.reinterpretAsFloats(), counts);
        }
        return total(sum);
    }

    /** The lanes' sum in an order of its own: {@code reduceLanes} has another one once it is compiled. */
    private static float total(FloatVector sum) {
        FloatVector total = sum;
        if (LANES > 8) {
            total = total.add(total.rearrange(BY_8));
        }
        if (LANES > 4) {
            total = total.add(total.rearrange(BY_4));
        }
        total = total.add(total.rearrange(BY_2));
        total = total.add(total.rearrange(BY_1));
        return total.lane(0);
    }
}
