package io.alisa.schedule;

/**
 * The four numbers the paper's planner looks for (section V-B: alpha, beta, p1, p2). Their meaning, which the paper
 * leaves open, is ours: from a phase point on, each new token moves or deletes a fixed share of a token. Positions count
 * from the start of the context, prompt included.
 *
 * @param offloadRatio alpha: tokens that leave the fast tier for each token after {@code offloadFrom}, 0 to 1
 * @param deleteRatio  beta: tokens deleted for each token after {@code deleteFrom}, 0 to 1
 * @param offloadFrom  p1: phase II begins with this many tokens
 * @param deleteFrom   p2: phase III begins with this many tokens
 */
public record Split(double offloadRatio, double deleteRatio, int offloadFrom, int deleteFrom) {
    /** Everything stays in the fast tier: phase I for ever. */
    public static final Split NONE = new Split(0, 0, Integer.MAX_VALUE, Integer.MAX_VALUE);

    /** Tokens that are not in the fast tier. */
    public double away(double tokens) {
        return offloadRatio * Math.max(0, tokens - offloadFrom);
    }

    /** Tokens that are deleted, of those. */
    public double deleted(double tokens) {
        return Math.min(away(tokens), deleteRatio * Math.max(0, tokens - deleteFrom));
    }

    /** Tokens in the slow tier. */
    public double slow(double tokens) {
        return away(tokens) - deleted(tokens);
    }
}
