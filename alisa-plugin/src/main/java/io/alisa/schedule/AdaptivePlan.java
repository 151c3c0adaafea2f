package io.alisa.schedule;

import java.util.Set;

import org.jspecify.annotations.Nullable;

/**
 * A plan that follows what is measured: once costs or caps are no longer what it was made for, it is made again for the
 * tokens still to come.
 *
 * <p>It is a forecast for the longest context, which few conversations reach: as long as there is room it moves nothing,
 * and it deletes nothing from the fast tier that need not leave it. One that does not fit is no better than the caps
 * alone. Not thread-safe.
 */
public final class AdaptivePlan {
    /** Tokens between two looks at the costs. */
    private static final int INTERVAL = 1024;
    /** Costs and caps that differ by less don't move a plan by much. */
    private static final double DIFFERENCE = 0.2;

    /** The plan is followed once less than this part of the fast tier is free: until then nothing leaves it. */
    public static final int EASE = 8;

    private final CostModel profiled;
    private final int context;
    private final Set<Recomputation> allowed;
    private final MeasuredCosts measured = new MeasuredCosts();
    private Caps caps;
    private CostModel costs;
    private Plan plan;
    private PhaseScheduler scheduler;
    private int nextLook;

    public AdaptivePlan(CostModel profiled, Caps caps, Expectation expected, Set<Recomputation> allowed) {
        this.profiled = profiled;
        this.caps = caps;
        this.context = expected.context();
        this.allowed = allowed;
        this.costs = profiled;
        this.plan = new Planner(costs, caps, expected, allowed).plan();
        this.scheduler = scheduler(plan.split());
        this.nextLook = INTERVAL;
    }

    private PhaseScheduler scheduler(Split split) {
        return new PhaseScheduler(plan.fits() ? split : Split.NONE, costs.bytes(), recomputation());
    }

    /**
     * How deleted tokens come back; null: none may be deleted. Also where the plan deletes none: caps are shared, and
     * what fits by itself may not fit beside another session. To be slow is better than to fail.
     */
    public @Nullable Recomputation recomputation() {
        Recomputation planned = plan.recomputation();
        if (planned != null) {
            return planned;
        }
        for (Recomputation by : allowed) {
            if (by.savedBytes(costs.bytes()) > 0) {
                return by;
            }
        }
        return null;
    }

    /** Where measurements go. */
    public MeasuredCosts measured() {
        return measured;
    }

    public Plan plan() {
        return plan;
    }

    /**
     * The decision in a session of {@code now.tokens()} tokens; now and then the plan is looked at first.
     *
     * @param having what the session may have at present: other sessions come and go
     */
    public Decision decide(Occupancy now, Caps having) {
        if (now.tokens() < context && (moved(having.fastBytes(), caps.fastBytes())
                || moved(having.slowBytes(), caps.slowBytes()))) {
            caps = having;
            make(now.tokens());
        }
        nextLook = Math.min(nextLook, now.tokens() + INTERVAL); // the host may have gone back
        if (now.tokens() >= nextLook && now.tokens() < context) {
            nextLook = now.tokens() + INTERVAL;
            revise(now.tokens());
        }
        Decision need = scheduler(Split.NONE).decide(now); // what the caps alone force
        long free = now.fastCap() - now.fastBytes() - now.neededBytes();
        return free > now.fastCap() / EASE || !need.fits()
                ? need
                : scheduler.decide(now,
                        now.slowBlocks() + (long) Math.max(need.blocksToDemote(), need.blocksToDelete()));
    }

    private void make(int tokens) {
        plan = new Planner(costs, caps, new Expectation(tokens, context), allowed).plan();
        scheduler = scheduler(plan.split());
    }

    private void revise(int tokens) {
        double request = (double) profiled.access().pieceTokens()
                * profiled.bytes().precision().headBytes(profiled.bytes().model().headSize());
        CostModel seen = profiled.on(measured.correct(profiled.machine(), request),
                measured.correct(profiled.access()));
        if (differ(seen.loadNanos(context, 1), costs.loadNanos(context, 1))
                || differ(seen.machine().multiplyAdds(), costs.machine().multiplyAdds())) {
            costs = seen;
            make(tokens);
        }
    }

    private static boolean moved(long now, long before) {
        return differ((double) now, (double) before);
    }

    private static boolean differ(double now, double before) {
        return Math.abs(now - before) > DIFFERENCE * before;
    }
}
