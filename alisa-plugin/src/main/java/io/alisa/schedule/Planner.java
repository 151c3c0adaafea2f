package io.alisa.schedule;

import java.util.EnumSet;
import java.util.Set;

import org.jspecify.annotations.Nullable;

/**
 * Finds the split of least cost under the caps: greedily, as the paper does (section V-B; its search grid is not
 * published, this one is ours). Starting with the latest and with the earliest phase points that fit, one of the four
 * numbers at a time is set to the best value near it, until none gets better; then nearer still. A test compares it with
 * exhaustive search.
 */
public final class Planner {
    /** Neighbours of a value that are tried, on each side. */
    private static final int REACH = 8;
    private static final double[] RATIO_STEPS = {1.0 / 8, 1.0 / 64};

    private final CostModel costs;
    private final Caps caps;
    private final Expectation expected;
    private final Set<Recomputation> allowed;

    /** @param allowed ways of recomputation that may be used; none: nothing is deleted */
    public Planner(CostModel costs, Caps caps, Expectation expected, Set<Recomputation> allowed) {
        this.costs = costs;
        this.caps = caps;
        this.expected = expected;
        this.allowed = allowed.isEmpty() ? Set.of() : EnumSet.copyOf(allowed);
    }

    public Plan plan() {
        Search best = search(null);
        for (Recomputation by : allowed) {
            if (by.savedBytes(costs.bytes()) > 0) {
                Search other = search(by);
                best = other.forecast.isBetterThan(best.forecast) ? other : best;
            }
        }
        Recomputation used = best.split.deleted(expected.context()) > 0 ? best.by : null;
        Forecast forecast = best.forecast;
        return new Plan(best.split, used, forecast.phases(), forecast.computeNanos(), forecast.transferNanos(),
                forecast.recomputeNanos(), forecast.fits(),
                new Reasons(costs, caps, expected, allowed).of(best.split, used, forecast.fits()));
    }

    private Search search(@Nullable Recomputation by) {
        Room room = new Room(costs.bytes(), caps, by);
        Search late = new Search(by, room.latest(expected.context()));
        late.descend();
        if (by == null) {
            return late;
        }
        Search early = new Search(by, room.withoutSlow(expected.context()));
        early.descend();
        return early.forecast.isBetterThan(late.forecast) ? early : late;
    }

    Forecast forecast(Split split, @Nullable Recomputation by) {
        return Forecast.of(costs, caps, split, by, expected);
    }

    /** One greedy search. */
    private final class Search {
        private final @Nullable Recomputation by;
        private Split split;
        private Forecast forecast;

        Search(@Nullable Recomputation by, Split start) {
            this.by = by;
            this.split = start;
            this.forecast = forecast(start, by);
        }

        void descend() {
            if (split.equals(Split.NONE)) {
                return; // everything fits: anything else moves more
            }
            for (double ratioStep : RATIO_STEPS) {
                double pointStep = Math.max(1, expected.context() * ratioStep);
                while (improve(ratioStep, (int) pointStep)) {
                    // another round over the four numbers
                }
            }
        }

        private boolean improve(double ratioStep, int pointStep) {
            Forecast before = forecast;
            Split at = split;
            for (int i = -REACH; i <= REACH; i++) {
                attempt(with(ratio(at.offloadRatio() + i * ratioStep), at.deleteRatio(), at.offloadFrom(),
                        at.deleteFrom()));
                attempt(with(at.offloadRatio(), at.deleteRatio(), point(at.offloadFrom(), i * pointStep),
                        at.deleteFrom()));
                if (by != null) {
                    attempt(with(at.offloadRatio(), ratio(at.deleteRatio() + i * ratioStep), at.offloadFrom(),
                            at.deleteFrom()));
                    attempt(with(at.offloadRatio(), at.deleteRatio(), at.offloadFrom(),
                            point(at.deleteFrom(), i * pointStep)));
                }
            }
            return forecast.isBetterThan(before);
        }

        private Split with(double offload, double delete, int offloadFrom, int deleteFrom) {
            return new Split(offload, delete, offloadFrom, deleteFrom);
        }

        private void attempt(Split candidate) {
            Forecast cost = forecast(candidate, by);
            if (cost.isBetterThan(forecast)) {
                forecast = cost;
                split = candidate;
            }
        }

        private double ratio(double value) {
            return Math.clamp(value, 0, 1);
        }

        private int point(int value, int change) {
            return Math.clamp((long) Math.min(value, expected.context()) + change, 0, expected.context());
        }
    }
}
