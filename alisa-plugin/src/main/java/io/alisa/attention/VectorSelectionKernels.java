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
    public void cap(float[] scores, int from, int count, float softCap) {
        FloatVector cap = FloatVector.broadcast(SPECIES, softCap);
        FloatVector nothing = FloatVector.broadcast(SPECIES, Float.NEGATIVE_INFINITY);
        int vectors = from + SPECIES.loopBound(count);
        for (int i = from; i < vectors; i += LANES) {
            FloatVector score = FloatVector.fromArray(SPECIES, scores, i);
            FloatVector capped = VectorSoftmax.tanh(score.div(cap)).mul(cap);
            score.blend(capped, score.compare(VectorOperators.GT, nothing)).intoArray(scores, i);
        }
        for (int i = vectors; i < from + count; i++) {
            scores[i] = SoftCap.cap(scores[i], softCap);
        }
    }

    @Override
    public void best(float[] scores, int rows, int stride, int from, int tokens, float[] best) {
        for (int row = 0; row < rows; row++) {
            best[row] = Math.max(best[row], max(scores, row * stride + from, tokens));
        }
    }

    @Override
    public void importance(float[] scores, int rows, int stride, int tokens, float[] best, float[] importance) {
        int row = 0;
        for (; row + 4 <= rows; row += 4) {
            four(scores, row, stride, tokens, best, importance);
        }
        for (; row < rows; row++) {
            one(scores, row, stride, tokens, best, importance);
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

    private static void four(float[] scores, int row, int stride, int tokens, float[] best, float[] importance) {
        FloatVector best0 = FloatVector.broadcast(SPECIES, best[row]);
        FloatVector best1 = FloatVector.broadcast(SPECIES, best[row + 1]);
        FloatVector best2 = FloatVector.broadcast(SPECIES, best[row + 2]);
        FloatVector best3 = FloatVector.broadcast(SPECIES, best[row + 3]);
        int from = row * stride;
        for (int i = 0; i < tokens; i += LANES) {
            FloatVector a = FloatVector.fromArray(SPECIES, scores, from + i).sub(best0);
            FloatVector b = FloatVector.fromArray(SPECIES, scores, from + stride + i).sub(best1);
            FloatVector c = FloatVector.fromArray(SPECIES, scores, from + 2 * stride + i).sub(best2);
            FloatVector d = FloatVector.fromArray(SPECIES, scores, from + 3 * stride + i).sub(best3);
            a = a.blend(b, b.compare(VectorOperators.GT, a));
            c = c.blend(d, d.compare(VectorOperators.GT, c));
            a = a.blend(c, c.compare(VectorOperators.GT, a));
            if (row > 0) {
                b = FloatVector.fromArray(SPECIES, importance, i);
                a = a.blend(b, b.compare(VectorOperators.GT, a));
            }
            a.intoArray(importance, i);
        }
    }

    private static void one(float[] scores, int row, int stride, int tokens, float[] best, float[] importance) {
        FloatVector shift = FloatVector.broadcast(SPECIES, best[row]);
        for (int i = 0; i < tokens; i += LANES) {
            FloatVector a = FloatVector.fromArray(SPECIES, scores, row * stride + i).sub(shift);
            if (row > 0) {
                FloatVector b = FloatVector.fromArray(SPECIES, importance, i);
                a = a.blend(b, b.compare(VectorOperators.GT, a));
            }
            a.intoArray(importance, i);
        }
    }

    @Override
    public int count(float[] importance, int blocks, int step, float threshold) {
        FloatVector limit = FloatVector.broadcast(SPECIES, threshold);
        int count = 0;
        for (int block = 0; block < blocks; block += step) {
            for (int i = block * TOKENS; i < block * TOKENS + TOKENS; i += LANES) {
                count += FloatVector.fromArray(SPECIES, importance, i).compare(VectorOperators.GE, limit).trueCount();
            }
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
            IntVector minus = x.fma(perUnit, one).reinterpretAsInts()
                    .lanewise(VectorOperators.LSHL, ScalarSelectionKernels.SHIFT);
            sum = sum.sub(minus.reinterpretAsFloats(), counts);
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
