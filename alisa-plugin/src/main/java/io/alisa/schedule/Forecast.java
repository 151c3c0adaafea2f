package io.alisa.schedule;

import io.alisa.Phase;
import org.jspecify.annotations.Nullable;

/**
 * What a split would cost: the paper's objective (section V-B, the sum over all steps of compute, transfer and
 * recomputation), by phase and by term, and by how much it would break the caps.
 *
 * @param phases         steps and time of phases I, II and III
 * @param computeNanos   T_compute of all steps
 * @param transferNanos  T_transfer
 * @param recomputeNanos T_recompute
 * @param overBytes      bytes above the caps at the worst moment, both tiers together
 */
record Forecast(PhaseTimes phases, double computeNanos, double transferNanos, double recomputeNanos,
        double overBytes) {
    /** Steps looked at, at most: between them costs change little. */
    private static final int SAMPLES = 256;
    /** Bytes that are rounding, not excess. */
    private static final double TOLERANCE = 0.5;

    static Forecast of(CostModel costs, Caps caps, Split split, @Nullable Recomputation by,
            Expectation expected) {
        return new Summing(costs, split, by).sum(expected, over(costs.bytes(), caps, split, by, expected));
    }

    double totalNanos() {
        return computeNanos + transferNanos + recomputeNanos;
    }

    boolean fits() {
        return overBytes <= TOLERANCE;
    }

    /** Whether a split does, whatever it costs. */
    static boolean fits(ByteModel bytes, Caps caps, Split split, @Nullable Recomputation by, Expectation expected) {
        return over(bytes, caps, split, by, expected) <= TOLERANCE;
    }

    /** Less excess first, then less time. */
    boolean isBetterThan(Forecast other) {
        if (fits() && other.fits()) {
            return totalNanos() < other.totalNanos();
        }
        return overBytes < other.overBytes;
    }

    /** Occupancy is made of straight lines: it is largest where two of them meet, or at the end. */
    private static double over(ByteModel bytes, Caps caps, Split split, @Nullable Recomputation by,
            Expectation expected) {
        double worst = 0;
        for (int tokens : new int[]{split.offloadFrom(), split.deleteFrom(), expected.context()}) {
            double n = Math.clamp(tokens, expected.prompt(), expected.context());
            worst = Math.max(worst, Math.max(0, fastBytes(bytes, split, by, n) - caps.fastBytes())
                    + Math.max(0, slowBytes(bytes, split, by, n) - caps.slowBytes()));
        }
        return worst;
    }

    static double fastBytes(ByteModel bytes, Split split, @Nullable Recomputation by, double tokens) {
        double recompute = by == null ? 0 : split.deleted(tokens) * by.fastBytes(bytes);
        return (tokens - split.away(tokens)) * bytes.rowBytes() + tokens * bytes.stayingTokenBytes()
                + bytes.sessionBytes() + recompute;
    }

    static double slowBytes(ByteModel bytes, Split split, @Nullable Recomputation by, double tokens) {
        double recompute = by == null ? 0 : split.deleted(tokens) * by.slowBytes(bytes);
        return split.slow(tokens) * bytes.rowBytes() + recompute;
    }

    /** The sums in the making. */
    private static final class Summing {
        private final CostModel costs;
        private final Split split;
        private final @Nullable Recomputation by;
        private PhaseTimes phases = PhaseTimes.NONE;
        private double compute;
        private double transfer;
        private double recompute;
        private double away;
        private double slow;
        private double deleted;

        Summing(CostModel costs, Split split, @Nullable Recomputation by) {
            this.costs = costs;
            this.split = split;
            this.by = by;
        }

        Forecast sum(Expectation expected, double overBytes) {
            int all = expected.context() - expected.prompt();
            int samples = Math.min(all, SAMPLES);
            double weight = all / (double) samples;
            for (int i = 0; i < samples; i++) {
                add(expected.prompt() + 1 + Math.floor((i + 0.5) * weight), weight);
            }
            return new Forecast(phases, compute, transfer, recompute, overBytes);
        }

        private void add(double tokens, double weight) {
            double storing = costs.storeNanos(stored(tokens));
            away = split.away(tokens);
            slow = split.slow(tokens);
            deleted = split.deleted(tokens);
            double computing = weight * costs.computeNanos(tokens);
            double moving = weight * costs.loadNanos(tokens, slow) + storing;
            double again = by == null || deleted == 0 ? 0 : weight * costs.recomputeNanos(by, tokens, deleted);
            compute += computing;
            transfer += moving;
            recompute += again;
            Phase phase = deleted > 0 ? Phase.III : away > 0 ? Phase.II : Phase.I;
            phases = phases.plus(phase, weight, computing + moving + again);
        }

        /** Rows written since the last sample: what is deleted comes out of the slow tier as long as that holds any. */
        private double stored(double tokens) {
            double demoted = split.away(tokens) - away;
            double dropped = split.deleted(tokens) - deleted;
            double inputs = by == null ? 0 : dropped * by.slowBytes(costs.bytes()) / costs.bytes().rowBytes();
            return inputs + (slow > 0 ? demoted : Math.max(0, demoted - dropped));
        }
    }
}
