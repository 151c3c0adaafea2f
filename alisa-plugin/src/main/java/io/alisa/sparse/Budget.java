package io.alisa.sparse;

import io.alisa.cache.PinnedSpans;

/**
 * How many tokens a step may attend: the same for every policy, so that they can be compared.
 *
 * @param ratio      share r of all tokens, above 0 and at most 1 (paper, section on Sparse Window Attention)
 * @param minContext dense below this many tokens
 */
public record Budget(double ratio, int minContext) {
    /** First tokens that trustworthy policies always attend: attention sinks (StreamingLLM finds four enough). */
    public static final int SINKS = 4;

    public Budget {
        if (!(ratio > 0 && ratio <= 1) || minContext < 0) {
            throw new IllegalArgumentException("Not a budget: ratio " + ratio + ", dense below " + minContext);
        }
    }

    /** Whether all of {@code tokens} tokens are attended. */
    public boolean isDense(int tokens) {
        // Twice the window would leave one of an odd number of tokens out, even of a share of one.
        return tokens < minContext || ratio == 1 || total(tokens) >= tokens;
    }

    /**
     * How many pinned tokens are attended beyond what a policy attends anyway: only they are at the cost of its budget.
     *
     * @param pinned of the step
     * @param sinks  first tokens that the policy always attends
     * @param part   the policy's window is at least one {@code part}-th of its budget less the sinks
     */
    int pinnedApart(PinnedSpans pinned, int tokens, int sinks, int part) {
        int apart = pinned.count(tokens);
        int first = total(tokens, apart) < 4 * sinks ? 0 : sinks; // of a small budget, fewer
        int fewer = outside(pinned, tokens, apart, first, part);
        while (fewer < apart) { // the fewer they are, the more of them the window covers
            apart = fewer;
            fewer = outside(pinned, tokens, apart, first, part);
        }
        return apart;
    }

    private int outside(PinnedSpans pinned, int tokens, int apart, int sinks, int part) {
        int window = (total(tokens, apart) - sinks) / part;
        return Math.max(0, pinned.count(tokens - window) - pinned.count(sinks));
    }

    /** As {@link #total(int)} beside {@code pinned} tokens, see {@link #window(int, int)}. */
    int total(int tokens, int pinned) {
        return Math.min(tokens, 2 * window(tokens, pinned));
    }

    /** As {@link #window(int)} where {@code pinned} tokens are attended anyway: they count, up to half of the budget. */
    int window(int tokens, int pinned) {
        double all = tokens * ratio;
        return Math.max(1, (int) ((all - Math.min(pinned, all / 2)) / 2));
    }

    /** Tokens attended of {@code tokens}: twice {@link #window}, hence at least 2. */
    public int total(int tokens) {
        return Math.min(tokens, 2 * window(tokens));
    }

    /** k of Algorithm 1: half the budget, for the most recent tokens. Rounded down, at least 1: our choice. */
    public int window(int tokens) {
        return Math.max(1, (int) (tokens * ratio / 2));
    }
}
