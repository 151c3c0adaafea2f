package io.alisa.sparse;

import java.util.Arrays;

import io.alisa.cache.KvLayout;

/**
 * The tokens one step attends: for each KV head a list of positions, ascending, and the same as bits, a word per block of
 * 64. Reused from step to step. Different KV heads may be filled by different threads.
 */
public final class Selection {
    private final int[][] positions;
    private final long[][] bits;
    private final int[] counts;

    public Selection(int kvHeads) {
        positions = new int[kvHeads][0];
        bits = new long[kvHeads][0];
        counts = new int[kvHeads];
    }

    public int kvHeads() {
        return counts.length;
    }

    /** Positions of a KV head; only the first {@link #count} are meant. */
    public int[] positions(int kvHead) {
        return positions[kvHead];
    }

    public int count(int kvHead) {
        return counts[kvHead];
    }

    /** Bit {@code p % 64} of word {@code p / 64} is set for every position p in the list. */
    public long[] bits(int kvHead) {
        return bits[kvHead];
    }

    /** Empties all lists and makes room for {@code capacity} positions in each; allocates only when it grew much. */
    public void begin(int capacity) {
        int words = KvLayout.blocks(capacity);
        for (int head = 0; head < counts.length; head++) {
            counts[head] = 0;
            if (positions[head].length < capacity) {
                int room = KvLayout.blocks(Math.max(capacity, 2 * positions[head].length));
                positions[head] = new int[room * KvLayout.BLOCK_TOKENS];
                bits[head] = new long[room];
            }
            Arrays.fill(bits[head], 0, words, 0L);
        }
    }

    /** Adds a position that is larger than all before. */
    public void add(int kvHead, int position) {
        positions[kvHead][counts[kvHead]++] = position;
        bits[kvHead][position / KvLayout.BLOCK_TOKENS] |= 1L << position;
    }

    /** Adds the positions {@code from} to {@code end - 1}, larger than all before. */
    public void addRange(int kvHead, int from, int end) {
        for (int start = from; start < end;) {
            int next = Math.min(end, (start / KvLayout.BLOCK_TOKENS + 1) * KvLayout.BLOCK_TOKENS);
            long word = -1L << start;
            if (next % KvLayout.BLOCK_TOKENS != 0) {
                word &= (1L << next) - 1;
            }
            addWord(kvHead, start / KvLayout.BLOCK_TOKENS, word);
            start = next;
        }
    }

    /** Adds those positions of a block whose bits are set, larger than all before. */
    public void addWord(int kvHead, int block, long word) {
        bits[kvHead][block] |= word;
        int[] list = positions[kvHead];
        int count = counts[kvHead];
        for (long left = word; left != 0; left &= left - 1) {
            list[count++] = block * KvLayout.BLOCK_TOKENS + Long.numberOfTrailingZeros(left);
        }
        counts[kvHead] = count;
    }

    /** Gives all KV heads the list of the first. */
    public void shareFirst() {
        for (int head = 1; head < counts.length; head++) {
            System.arraycopy(positions[0], 0, positions[head], 0, counts[0]);
            System.arraycopy(bits[0], 0, bits[head], 0, bits[0].length);
            counts[head] = counts[0];
        }
    }
}
