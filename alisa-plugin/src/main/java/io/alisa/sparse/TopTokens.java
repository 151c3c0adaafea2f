package io.alisa.sparse;

import java.util.Arrays;

/**
 * Finds the most important tokens: a radix selection over the floats' bits. It counts the tokens by their leading
 * eleven bits, goes on with the next bits of only those that share the leading bits of the one just important enough,
 * and at last gathers what lies above, in order. At most four sweeps over the tokens whatever their values, nothing
 * is sorted, moved or allocated.
 *
 * <p>Not thread-safe.
 */
public final class TopTokens {
    private static final int DIGIT_BITS = 11;
    /** Where the three digits of a key begin. The last two share a bit, which does no harm. */
    private static final int[] SHIFTS = {21, 10, 0};

    private final int[] counts = new int[1 << DIGIT_BITS];

    /**
     * Finds the {@code k} most important of the tokens {@code from} to {@code end - 1}, or all if there are no more.
     * Of equally important ones the newer are taken.
     *
     * @param importance per position; infinite is fine, NaN is not
     * @param out        filled with their positions, ascending; nothing is written behind the last one
     * @return how many were found: {@code k} if there are as many
     */
    public int select(float[] importance, int from, int end, int k, int[] out) {
        int wanted = Math.clamp(k, 0, Math.max(0, end - from));
        if (wanted == 0) {
            return 0;
        }
        int threshold = 0; // the known bits of the least important key that is taken
        int known = 0; // a mask of those bits
        int missing = wanted; // how many are to be taken of the keys that begin with the known bits
        int equal = end - from; // how many such keys there are
        for (int i = 0; i < SHIFTS.length && missing < equal; i++) {
            int shift = SHIFTS[i];
            count(importance, from, end, known, threshold, shift);
            int digit = counts.length - 1;
            while (counts[digit] < missing) {
                missing -= counts[digit--];
            }
            equal = counts[digit];
            threshold |= digit << shift;
            known = -1 << shift;
        }
        return gather(importance, from, threshold, equal - missing, wanted, out);
    }

    private void count(float[] importance, int from, int end, int known, int prefix, int shift) {
        Arrays.fill(counts, 0);
        for (int position = from; position < end; position++) {
            int key = key(importance[position]);
            if ((key & known) == prefix) {
                counts[key >>> shift & counts.length - 1]++;
            }
        }
    }

    /** Takes all from the threshold on, but for the first {@code tooMany} that equal it. */
    private static int gather(float[] importance, int from, int threshold, int tooMany, int wanted, int[] out) {
        int skip = tooMany;
        int taken = 0;
        for (int position = from; taken < wanted; position++) {
            int key = key(importance[position]);
            if (key == threshold && skip > 0) {
                skip--;
            } else {
                out[taken] = position; // stays if it counts; without a branch, which would be mispredicted often
                long above = Integer.toUnsignedLong(key) - Integer.toUnsignedLong(threshold);
                taken += 1 + (int) (above >> 63);
            }
        }
        return taken;
    }

    /** Bits that order like the floats do, as an unsigned number. Adding zero makes the negative zero positive. */
    private static int key(float value) {
        int bits = Float.floatToRawIntBits(value + 0f);
        return bits ^ (bits >> 31 | Integer.MIN_VALUE);
    }
}
