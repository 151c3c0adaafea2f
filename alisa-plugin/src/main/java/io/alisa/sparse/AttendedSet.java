package io.alisa.sparse;

import java.util.Arrays;

import io.alisa.cache.Growth;

/** Which tokens one KV head of one layer attended in its last step. */
final class AttendedSet {
    private static final int WORD = Long.SIZE;

    private long[] last = {};
    private int tokensBefore;

    /**
     * Takes the tokens of a new step.
     *
     * @param attended a bit per token
     * @param tokens   all tokens of the context
     * @return how many of the attended were in the context, but not attended, a step before: recalled ones
     */
    int update(long[] attended, int tokens) {
        int words = (tokens + WORD - 1) / WORD;
        if (last.length < words) {
            last = Arrays.copyOf(last, Growth.of(last.length, words));
        }
        int known = Math.min(tokensBefore, tokens);
        int recalled = 0;
        for (int word = 0; word < known / WORD; word++) {
            recalled += Long.bitCount(attended[word] & ~last[word]);
        }
        if (known % WORD != 0) {
            long mask = (1L << known) - 1;
            recalled += Long.bitCount(attended[known / WORD] & ~last[known / WORD] & mask);
        }
        System.arraycopy(attended, 0, last, 0, words);
        tokensBefore = tokens;
        return recalled;
    }

    /** A dense step attended everything: the next one recalls nothing. */
    void forget() {
        tokensBefore = 0;
    }
}
