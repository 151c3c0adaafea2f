package io.alisa.attention;

import io.alisa.cache.KvLayout;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/** {@link SelectionKernels} in vectors of tokens. */
final class VectorSelectionKernels implements SelectionKernels {
    private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
    private static final VectorSpecies<Integer> INTS = IntVector.SPECIES_PREFERRED;
    private static final int LANES = SPECIES.length();
    private static final int TOKENS = KvLayout.BLOCK_TOKENS;
    private static final VectorShuffle<Float> BY_8 = rotation(8);
    private static final VectorShuffle<Float> BY_4 = rotation(4);
    private static final VectorShuffle<Float> BY_2 = rotation(2);
    private static final VectorShuffle<Float> BY_1 = rotation(1);

    private static final FloatVector PER_UNIT = FloatVector.broadcast(SPECIES, ScalarSelectionKernels.PER_UNIT);
    private static final FloatVector ONE = FloatVector.broadcast(SPECIES, ScalarSelectionKernels.ONE);
    private static final IntVector NOTHING = IntVector.broadcast(INTS, ScalarSelectionKernels.NOTHING);
    /** By how much a bit of each lane's number is to be moved to be the sign. */
    private static final IntVector TO_SIGN = IntVector.zero(INTS).addIndex(1).neg().add(Integer.SIZE - 1);

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
        if (step == 1) {
            return countRun(importance, 0, blocks * TOKENS, threshold); // a loop per block takes longer to enter than to run
        }
        int count = 0;
        for (int block = 0; block < blocks; block += step) {
            count += countRun(importance, block * TOKENS, TOKENS, threshold);
        }
        return count;
    }

    private static int countRun(float[] importance, int from, int tokens, float threshold) {
        FloatVector limit = FloatVector.broadcast(SPECIES, threshold);
        int count = 0;
        for (int i = from; i < from + tokens; i += LANES) {
            count += FloatVector.fromArray(SPECIES, importance, i).compare(VectorOperators.GE, limit).trueCount();
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
    public void skippedMass(float[] scores, int rows, int stride, int blocks, float[] best, long[] attended,
            float[] sums, int to, int sumsStride) {
        for (int row = 0; row < rows; row += 2) {
            int other = Math.min(row + 1, rows - 1); // the last of an odd number is its own other
            for (int block = 0; block < blocks; block++) {
                massOfTwo(scores, row * stride + block * TOKENS, other * stride + block * TOKENS, best[row],
                        best[other],
                        attended[block], sums, to + row * sumsStride + block, to + other * sumsStride + block);
            }
        }
    }

    /** Two rows share what becomes of the attended tokens' bits. For more in one method the compiler makes vectors on the heap. */
    private static void massOfTwo(float[] scores, int from, int otherFrom, float best, float otherBest, long attended,
            float[] sums, int to, int otherTo) {
        FloatVector shift = FloatVector.broadcast(SPECIES, best);
        FloatVector otherShift = FloatVector.broadcast(SPECIES, otherBest);
        FloatVector sum = FloatVector.zero(SPECIES);
        FloatVector otherSum = sum;
        for (int i = 0; i < TOKENS; i += LANES) {
            IntVector skipped = skipped(attended, i);
            sum = addExp(sum, FloatVector.fromArray(SPECIES, scores, from + i).sub(shift), skipped);
            otherSum = addExp(otherSum, FloatVector.fromArray(SPECIES, scores, otherFrom + i).sub(otherShift),
                    skipped);
        }
        sums[to] = total(sum);
        sums[otherTo] = total(otherSum);
    }

    /** All bits of the tokens from {@code first} on that are not attended: masks would be dear to make, and to use. */
    private static IntVector skipped(long attended, int first) {
        return IntVector.broadcast(INTS, ~(int) (attended >>> first)).lanewise(VectorOperators.LSHL, TO_SIGN)
                .lanewise(VectorOperators.ASHR, Integer.SIZE - 1);
    }

    /** See {@link ScalarSelectionKernels#minusRoughExp}. */
    private static FloatVector addExp(FloatVector sum, FloatVector x, IntVector counts) {
        return sum.sub(x.fma(PER_UNIT, ONE).reinterpretAsInts().max(NOTHING)
                .lanewise(VectorOperators.LSHL, ScalarSelectionKernels.SHIFT).and(counts).reinterpretAsFloats());
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
