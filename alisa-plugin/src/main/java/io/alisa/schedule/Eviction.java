package io.alisa.schedule;

/**
 * Which blocks leave first: those least used, among equals the oldest. Never block 0, which has the attention sinks, and
 * never the newest blocks, which the local window attends in every step. (The paper evicts the oldest first, section
 * V-A.)
 */
public final class Eviction {
    private Eviction() {
    }

    /** Blocks of {@code blocks} full ones that may leave at all, {@code newest} being pinned. */
    public static int candidates(int blocks, int newest) {
        return Math.max(0, blocks - newest - 1);
    }

    /**
     * Chooses up to {@code count} blocks, in the order in which they should leave. Allocates nothing.
     *
     * @param use     how much each block was used
     * @param blocks  full blocks of the layer
     * @param newest  of these, the newest ones that stay
     * @param skipped a bit for each block that can't be chosen: it has left already, or is pinned
     * @param chosen  filled from the start; {@code count} long at least
     * @return how many were chosen
     */
    public static int choose(BlockUse use, int blocks, int newest, long[] skipped, int count, int[] chosen) {
        int found = 0;
        for (int block = 1; block < blocks - newest; block++) {
            if (isSet(skipped, block) || count == 0) {
                continue;
            }
            double used = use.of(block);
            if (found == count && use.of(chosen[found - 1]) <= used) {
                continue; // not less than the last one chosen; if equal, younger
            }
            int at = found < count ? found++ : found - 1;
            while (at > 0 && use.of(chosen[at - 1]) > used) {
                chosen[at] = chosen[at - 1];
                at--;
            }
            chosen[at] = block;
        }
        return found;
    }

    private static boolean isSet(long[] bits, int index) {
        return index / Long.SIZE < bits.length && (bits[index / Long.SIZE] & 1L << index) != 0;
    }
}
