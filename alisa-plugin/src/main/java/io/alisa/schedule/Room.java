package io.alisa.schedule;

import org.jspecify.annotations.Nullable;

/**
 * How few tokens must leave the fast tier, and how few must be deleted, so that a context fits: the corners of the
 * planner's search. In units of a token's rows, with {@code f} the fast tier's room beside what never leaves it,
 * {@code s} the slow one's, and {@code a} and {@code b} what a deleted token keeps there:
 *
 * <pre>
 *  fast:  stay + a * deleted                       = f
 *  slow:  (context - stay - deleted) + b * deleted = s
 * </pre>
 */
record Room(ByteModel bytes, Caps caps, @Nullable Recomputation by) {
    private double fast(int context) {
        return (caps.fastBytes() - bytes.sessionBytes() - context * bytes.stayingTokenBytes()) / bytes.rowBytes();
    }

    private double keptFast() {
        return by == null ? 0 : by.fastBytes(bytes) / bytes.rowBytes();
    }

    private double keptSlow() {
        return by == null ? 0 : by.slowBytes(bytes) / bytes.rowBytes();
    }

    /** Tokens that must be deleted at least: whole ones, and a whole number of them stays in the fast tier. */
    private double mustDelete(int context) {
        double excess = context - Math.floor(fast(context)) - caps.slowBytes() / (double) bytes.rowBytes();
        return excess <= 0 ? 0 : Math.ceil((excess + 1) / (1 - keptFast() - keptSlow()));
    }

    /** As much as possible stays, as little as possible is deleted: phases begin as late as they can. */
    Split latest(int context) {
        double deleted = mustDelete(context);
        return split(fast(context) - keptFast() * deleted, context - deleted, context);
    }

    /** Nothing goes to the slow tier: what leaves the fast one is deleted. */
    Split withoutSlow(int context) {
        double stay = (fast(context) - keptFast() * context) / (1 - keptFast());
        return split(stay, stay, context);
    }

    private Split split(double stay, double deleteFrom, int context) {
        int first = (int) Math.clamp(Math.floor(stay), 0, context);
        if (first == context) {
            return Split.NONE;
        }
        if (by == null || deleteFrom >= context) {
            return new Split(1, 0, first, Integer.MAX_VALUE);
        }
        return new Split(1, 1, first, (int) Math.clamp(Math.floor(deleteFrom), first, context));
    }

    /** The longest context, up to {@code most}, that fits one of the corners: the planner finds a split for it then. */
    int longest(int most) {
        int fits = 0;
        int tooMany = most + 1;
        while (tooMany - fits > 1) {
            int middle = (fits + tooMany) >>> 1;
            if (fits(latest(middle), middle) || (by != null && fits(withoutSlow(middle), middle))) {
                fits = middle;
            } else {
                tooMany = middle;
            }
        }
        return fits;
    }

    private boolean fits(Split split, int context) {
        return Forecast.fits(bytes, caps, split, by, new Expectation(0, context));
    }
}
