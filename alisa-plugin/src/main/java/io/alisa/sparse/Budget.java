package io.alisa.sparse;

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
