package io.alisa.compat.simulate;

import java.util.List;

import io.alisa.Phase;
import io.alisa.schedule.AccessPattern;
import io.alisa.schedule.ByteModel;
import io.alisa.schedule.Caps;
import io.alisa.schedule.CostModel;
import io.alisa.schedule.Decision;
import io.alisa.schedule.Occupancy;
import io.alisa.schedule.PhaseScheduler;
import io.alisa.schedule.PhaseTimes;
import io.alisa.schedule.Plan;
import io.alisa.schedule.Planner;
import io.alisa.schedule.Recomputation;
import org.jspecify.annotations.Nullable;

/**
 * Runs a setup step by step: the plugin's planner and scheduler decide, the plugin's cost model says what each step
 * takes. The static policies need no decisions.
 */
public final class Simulation {
    private static final double NANOS = 1e9;

    private final Setup setup;
    private final ByteModel bytes;
    private final CostModel costs;
    private final Caps caps;
    private double seconds;
    private double transfer;
    private double recompute;
    private double peakFast;
    private double peakSlow;
    private PhaseTimes phases = PhaseTimes.NONE;

    private Simulation(Setup setup) {
        this.setup = setup;
        this.bytes = setup.bytes();
        this.costs = setup.costs();
        this.caps = setup.caps();
        this.seconds = costs.prefillNanos(setup.length().prompt()) / NANOS;
    }

    /**
     * Runs it.
     *
     * @param setup one whose weights fit the machine
     */
    public static Outcome run(Setup setup) {
        Simulation simulation = new Simulation(setup);
        return switch (setup.policy()) {
            case STATIC_SPLIT -> simulation.fixed(simulation.staticShare());
            case FULL_OFFLOAD -> simulation.fixed(1);
            default -> simulation.scheduled();
        };
    }

    /** The share of the KV that must be on the CPU so that the longest context fits. */
    private double staticShare() {
        return Math.max(0, 1 - caps.fastBytes() / ((double) setup.length().context() * bytes.rowBytes()));
    }

    private Outcome fixed(double slowShare) {
        move(costs.storeNanos(slowShare * setup.length().prompt()));
        for (int tokens = setup.length().prompt() + 1; tokens <= setup.length().context(); tokens++) {
            double moving = costs.loadNanos(tokens, slowShare * tokens) + costs.storeNanos(slowShare);
            step(slowShare > 0 ? Phase.II : Phase.I, costs.computeNanos(tokens), moving, 0);
            hold((1 - slowShare) * tokens * bytes.rowBytes(), slowShare * tokens * bytes.rowBytes());
        }
        return outcome(true, List.of());
    }

    private Outcome scheduled() {
        Plan plan = new Planner(costs, caps, setup.length(), setup.allowed()).plan();
        Kv kv = new Kv(plan);
        if (!kv.grow(setup.length().prompt(), setup.length().prompt())) {
            return outcome(false, plan.reasons());
        }
        move(kv.storedNanos);
        for (int tokens = setup.length().prompt() + 1; tokens <= setup.length().context(); tokens++) {
            if (!kv.grow(tokens, 1)) {
                return outcome(false, plan.reasons());
            }
            Recomputation by = kv.by;
            step(kv.phase, costs.computeNanos(tokens), costs.loadNanos(tokens, kv.slow) + kv.storedNanos,
                    by == null || kv.deleted == 0 ? 0 : costs.recomputeNanos(by, tokens, kv.deleted));
        }
        return outcome(true, plan.reasons());
    }

    private void step(Phase phase, double computing, double moving, double again) {
        double nanos = (setup.policy().overlaps() ? Math.max(computing, moving) : computing + moving) + again;
        phases = phases.plus(phase, 1, nanos);
        seconds += nanos / NANOS;
        transfer += moving / NANOS;
        recompute += again / NANOS;
    }

    /** What of the prompt's KV goes to the CPU. */
    private void move(double nanos) {
        seconds += nanos / NANOS;
        transfer += nanos / NANOS;
    }

    private void hold(double inFast, double inSlow) {
        peakFast = Math.max(peakFast, inFast);
        peakSlow = Math.max(peakSlow, inSlow);
    }

    private Outcome outcome(boolean fits, List<String> reasons) {
        return new Outcome(fits, seconds, transfer, recompute, phases, peakFast, peakSlow, reasons);
    }

    /** Where the tokens are, moved as the scheduler says. */
    private final class Kv {
        final @Nullable Recomputation by;
        private final PhaseScheduler scheduler;
        /** Bytes that a deleted token keeps. */
        private final double keptFast;
        private final double keptSlow;
        Phase phase = Phase.I;
        int fast;
        int slow;
        int deleted;
        double storedNanos;

        Kv(Plan plan) {
            // What must be deleted though the plan would not: only where nothing else is allowed.
            by = setup.policy() == Policy.ALL_RECOMPUTE ? Recomputation.REPLAY : plan.recomputation();
            scheduler = new PhaseScheduler(plan.split(), bytes, by);
            keptFast = by == null ? 0 : by.fastBytes(bytes);
            keptSlow = by == null ? 0 : by.slowBytes(bytes);
        }

        /** Makes room for {@code more} tokens and takes them in; false when there is none. */
        boolean grow(int tokens, int more) {
            long row = bytes.rowBytes();
            // Of a prompt larger than the GPU's room, a part never stays there.
            int direct = (int) Math.max(0, more - caps.fastBytes() / row);
            int movable = Math.max(0, fast - recent(tokens));
            Decision decision = scheduler.decide(new Occupancy(tokens, (more - direct) * row, fastBytes(),
                    caps.fastBytes(), slowBytes(), caps.slowBytes(), slow, deleted, movable, slow + movable));
            if (!decision.fits() || (direct > 0 && caps.slowBytes() == 0)) {
                return false;
            }
            int fromSlow = Math.min(decision.blocksToDelete(), slow);
            int written = direct + decision.blocksToDemote() - (decision.blocksToDelete() - fromSlow);
            storedNanos = costs.storeNanos(written + decision.blocksToDelete() * keptSlow / row);
            fast += more - direct - decision.blocksToDemote();
            slow += direct + decision.blocksToDemote() - decision.blocksToDelete();
            deleted += decision.blocksToDelete();
            phase = decision.phase();
            hold((double) fastBytes(), (double) slowBytes());
            return true;
        }

        private int recent(int tokens) {
            AccessPattern access = costs.access();
            return access.dense(tokens) ? 0 : (int) (access.attended(tokens) * access.recentShare());
        }

        private long fastBytes() {
            return (long) Math.ceil(fast * bytes.rowBytes() + deleted * keptFast);
        }

        private long slowBytes() {
            return (long) Math.ceil(slow * bytes.rowBytes() + deleted * keptSlow);
        }
    }
}
