package io.alisa.sparse;

import java.util.Arrays;

import io.alisa.cache.Growth;
import io.alisa.cache.KvLayout;
import io.alisa.cache.PinnedSpans;

/**
 * The tokens one step attends: for each KV head a set of positions, a word of 64 bits per block. Reused from step to
 * step. Different KV heads may be filled and read by different threads.
 */
public final class Selection {
    private final long[][] bits;
    private final int[] counts;
    /** The same as lists, made when somebody asks for one. */
    private final int[][] positions;
    private final int[] listed;
    private int words;
    private PinnedSpans spans = PinnedSpans.NONE;
    private int pinned;

    public Selection(int kvHeads) {
        bits = new long[kvHeads][0];
        counts = new int[kvHeads];
        positions = new int[kvHeads][0];
        listed = new int[kvHeads];
    }

    public int kvHeads() {
        return counts.length;
    }

    /** How many tokens a KV head attends. */
    public int count(int kvHead) {
        return counts[kvHead];
    }

    /** Bit {@code p % 64} of word {@code p / 64} is set for every position p of a KV head. */
    public long[] bits(int kvHead) {
        return bits[kvHead];
    }

    /** {@link #bits(int)} of all KV heads. */
    public long[][] bits() {
        return bits;
    }

    /** Positions of a KV head, ascending; only the first {@link #count} are meant. */
    public int[] positions(int kvHead) {
        if (positions[kvHead].length < counts[kvHead]) {
            positions[kvHead] = new int[words * KvLayout.BLOCK_TOKENS];
        }
        int[] list = positions[kvHead];
        if (listed[kvHead] != counts[kvHead]) {
            int count = 0;
            for (int block = 0; block < words; block++) {
                for (long left = bits[kvHead][block]; left != 0; left &= left - 1) {
                    list[count++] = block * KvLayout.BLOCK_TOKENS + Long.numberOfTrailingZeros(left);
                }
            }
            listed[kvHead] = count;
        }
        return list;
    }

    /** Empties all sets and makes room for positions below {@code end}; allocates only when that grew much. */
    public void begin(int end) {
        words = KvLayout.blocks(end);
        spans = PinnedSpans.NONE;
        pinned = 0;
        for (int head = 0; head < counts.length; head++) {
            counts[head] = 0;
            listed[head] = 0;
            if (bits[head].length < words) {
                bits[head] = new long[Growth.of(bits[head].length, words)];
            }
            Arrays.fill(bits[head], 0, words, 0L);
        }
    }

    /**
     * Adds the pinned positions below {@code end} to all sets, before anything else.
     *
     * @return this
     */
    Selection pin(PinnedSpans ofStep, int end) {
        spans = ofStep;
        for (int i = 0; i < spans.spans(end); i++) {
            for (int head = 0; head < counts.length; head++) {
                addRange(head, spans.from(i), Math.min(spans.end(i), end));
            }
        }
        pinned = counts[0];
        return this;
    }

    /** How many positions are pinned: they are in every set already. */
    int pinned() {
        return pinned;
    }

    /**
     * Which ones are. Not the layer's own, for any thread may pin others amid a step: those are not in the sets yet, and a
     * policy that passed over them would leave them out.
     */
    PinnedSpans pinnedSpans() {
        return spans;
    }

    /** Adds a position. */
    public void add(int kvHead, int position) {
        addWord(kvHead, position / KvLayout.BLOCK_TOKENS, 1L << position);
    }

    /** Adds the positions {@code from} to {@code end - 1}. */
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

    /** Adds those positions of a block whose bits are set. */
    public void addWord(int kvHead, int block, long word) {
        counts[kvHead] += Long.bitCount(word & ~bits[kvHead][block]);
        bits[kvHead][block] |= word;
    }

    /** Takes sets that somebody else wrote to {@link #bits()}. */
    void takeBits() {
        for (int head = 0; head < counts.length; head++) {
            counts[head] = 0;
            listed[head] = 0;
            for (int block = 0; block < words; block++) {
                counts[head] += Long.bitCount(bits[head][block]);
            }
        }
    }

    /** Gives all KV heads the set of the first. */
    public void shareFirst() {
        for (int head = 1; head < counts.length; head++) {
            System.arraycopy(bits[0], 0, bits[head], 0, words);
            counts[head] = counts[0];
            listed[head] = 0;
        }
    }
}
