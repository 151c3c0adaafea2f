package io.alisa.schedule;

/**
 * Which tokens a step attends, as far as the cost of it goes.
 *
 * @param ratio       share r of the tokens that is attended; 1: all
 * @param recentShare part of those that are the most recent ones, never slow (one half in Algorithm 1)
 * @param minContext  all are attended below this many tokens
 * @param pieceTokens tokens that a request to the slow tier brings: 1 in the paper
 * @param measured    measured chance that a slow token is read in a sparse step; below 0: not measured
 */
public record AccessPattern(double ratio, double recentShare, int minContext, int pieceTokens, double measured) {
    private static final double UNKNOWN = -1;
    /** Blocks of one KV head that the plugin's slow tier reads at once. */
    public static final int PIECE_BLOCKS = 32;
    /** The part of the budget that the plugin's own policy gives to recent tokens. */
    private static final double RECENT_SHARE = 0.25;

    public AccessPattern {
        if (!(ratio > 0 && ratio <= 1) || !(recentShare >= 0 && recentShare <= 1) || minContext < 0
                || pieceTokens < 1) {
            throw new IllegalArgumentException("Not an access pattern: ratio " + ratio + ", recent " + recentShare
                    + ", dense below " + minContext + ", pieces of " + pieceTokens);
        }
    }

    /** As the plugin attends and reads. */
    public static AccessPattern ofSession(double ratio, int minContext) {
        return new AccessPattern(ratio, RECENT_SHARE, minContext, PIECE_BLOCKS * ByteModel.BLOCK_TOKENS,
                UNKNOWN);
    }

    /** As in the paper (Algorithm 1): half recent, half chosen, token by token. */
    public static AccessPattern ofPaper(double ratio) {
        return new AccessPattern(ratio, 0.5, 0, 1, UNKNOWN);
    }

    /** The same where it was seen how much of the slow tier a step reads. */
    public AccessPattern measured(double readShare) {
        return new AccessPattern(ratio, recentShare, minContext, pieceTokens, Math.min(1, readShare));
    }

    public boolean dense(double tokens) {
        return ratio == 1 || tokens < minContext;
    }

    /** Tokens attended of {@code tokens}. */
    public double attended(double tokens) {
        return dense(tokens) ? tokens : ratio * tokens;
    }

    /**
     * Chance that a slow token is read in a step: some token of its piece is chosen. The paper does not say how chosen
     * tokens are spread; here each older token is as likely as the next, which is the worst case for large pieces and
     * for keeping what was used. Measurement corrects it at run time.
     */
    public double slowReadShare(double tokens) {
        if (dense(tokens)) {
            return 1;
        }
        return measured >= 0 ? measured : 1 - Math.pow(1 - chosenShare(tokens), pieceTokens);
    }

    /** Chance that a token which is not one of the recent ones is attended. */
    public double chosenShare(double tokens) {
        return dense(tokens) ? 1 : ratio * (1 - recentShare) / (1 - ratio * recentShare);
    }
}
