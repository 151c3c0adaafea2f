package io.alisa.attention;

import io.alisa.cache.KvLayout;

/** The reference for {@link SelectionKernels}: plain loops. */
final class ScalarSelectionKernels implements SelectionKernels {
    /** Of a float's bits the lowest are left out, so that the others fit into a mantissa. */
    static final int SHIFT = 7;
    /** What one unit of x adds to a float's bits, see {@link #minusRoughExp}. */
    static final float PER_UNIT = (float) ((1 << (23 - SHIFT)) / Math.log(2));
    /**
     * Bits of the float 1, less what centres the error of a straight line through an octave; and the float whose mantissa
     * counts in ones.
     */
    static final float ONE = (1 << 23) + (((127 << 23) - 366_393) >> SHIFT);
    /** Bits of the least float whose mantissa counts in ones: what is less weighs nothing, which is below some e^-88. */
    static final int NOTHING = Float.floatToRawIntBits(1 << 23);

    @Override
    public void cap(float[] scores, int from, int count, float softCap) {
        for (int i = from; i < from + count; i++) {
            scores[i] = SoftCap.cap(scores[i], softCap);
        }
    }

    @Override
    public void best(float[] scores, int rows, int stride, int from, int tokens, float[] best) {
        for (int row = 0; row < rows; row++) {
            for (int i = row * stride + from; i < row * stride + from + tokens; i++) {
                best[row] = Math.max(best[row], scores[i]);
            }
        }
    }

    @Override
    public void importance(float[] scores, int rows, int stride, int tokens, float[] best, float[] importance) {
        for (int row = 0; row < rows; row++) {
            for (int t = 0; t < tokens; t++) {
                float relative = scores[row * stride + t] - best[row];
                importance[t] = row == 0 ? relative : Math.max(importance[t], relative);
            }
        }
    }

    @Override
    public int count(float[] importance, int blocks, int step, float threshold) {
        int count = 0;
        for (int block = 0; block < blocks; block += step) {
            count += Long.bitCount(atLeast(importance, block, threshold));
        }
        return count;
    }

    @Override
    public long atLeast(float[] importance, int block, float threshold) {
        long found = 0;
        for (int i = 0; i < KvLayout.BLOCK_TOKENS; i++) {
            found |= importance[block * KvLayout.BLOCK_TOKENS + i] >= threshold ? 1L << i : 0;
        }
        return found;
    }

    @Override
    public void skippedMass(float[] scores, int rows, int stride, int blocks, float[] best, long[] attended,
            float[] sums, int to, int sumsStride) {
        for (int row = 0; row < rows; row++) {
            for (int block = 0; block < blocks; block++) {
                float sum = 0;
                for (int i = 0; i < KvLayout.BLOCK_TOKENS; i++) {
                    if ((attended[block] >>> i & 1) == 0) {
                        sum -= minusRoughExp(scores[row * stride + block * KvLayout.BLOCK_TOKENS + i] - best[row]);
                    }
                }
                sums[to + row * sumsStride + block] = sum;
            }
        }
    }

    /**
     * -e^x, for x <= 0, by the way floats are written: exponents are logarithms, and mantissas nearly so (Schraudolph 1999).
     * The sum's mantissa has the bits of e^x, no conversion to an integer is needed; the shift leaves a sign.
     */
    private static float minusRoughExp(float x) {
        int bits = Float.floatToRawIntBits(Math.fma(x, PER_UNIT, ONE));
        return Float.intBitsToFloat(Math.max(bits, NOTHING) << SHIFT);
    }
}
