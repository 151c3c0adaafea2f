package io.alisa.sparse;

import java.util.Arrays;

/**
 * Which tokens one KV head of one layer attended in its last step: a bit per token, hence a word per block of 64.
 */
final class AttendedSet {
    private static final int WORD = Long.SIZE;

    private long[] before = {};
    private long[] now = {};
    private int tokensBefore;

    /**
     * Takes the tokens of a new step.
     *
     * @param tokens all tokens of the context
     * @return how many of them were in the context, but not attended, a step before: recalled ones
     */
    int update(int[] positions, int count, int tokens) {
        int words = (tokens + WORD - 1) / WORD;
        if (now.length < words) {
            now = Arrays.copyOf(now, Math.max(words, 2 * now.length));
            before = Arrays.copyOf(before, now.length);
        }
        long[] last = now;
        now = before;
        before = last;
        Arrays.fill(now, 0, words, 0L);
        for (int i = 0; i < count; i++) {
            now[positions[i] / WORD] |= 1L << positions[i];
        }
        int known = Math.min(tokensBefore, tokens);
        int recalled = 0;
        for (int word = 0; word < known / WORD; word++) {
            recalled += Long.bitCount(now[word] & ~before[word]);
        }
        if (known % WORD != 0) {
            long mask = (1L << known) - 1;
            recalled += Long.bitCount(now[known / WORD] & ~before[known / WORD] & mask);
        }
        tokensBefore = tokens;
        return recalled;
    }

    /** A dense step attended everything: the next one recalls nothing. */
    void forget() {
        tokensBefore = 0;
    }

    /** How many tokens of a full block were attended. */
    int attendedIn(int block) {
        return Long.bitCount(now[block]);
    }
}
