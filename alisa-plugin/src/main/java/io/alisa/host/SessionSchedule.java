package io.alisa.host;

import java.util.List;
import java.util.Set;

import io.alisa.cache.KvMemory;
import io.alisa.cache.KvSchedule;
import io.alisa.schedule.AdaptivePlan;
import io.alisa.schedule.ByteModel;
import io.alisa.schedule.Caps;
import io.alisa.schedule.CostModel;
import io.alisa.schedule.Decision;
import io.alisa.schedule.Expectation;
import io.alisa.schedule.ModelDimensions;
import io.alisa.schedule.Occupancy;
import io.alisa.schedule.ProfileStore;
import io.alisa.schedule.Recomputation;
import org.jspecify.annotations.Nullable;

/**
 * The plan of one session: made by the machine's profile when the session first comes near the fast tier's cap, then
 * corrected by what things turn out to cost. Used under the session's lock; {@link #reasons} by any thread.
 */
public final class SessionSchedule implements KvSchedule {
    private final SessionMode mode;
    private final ModelDimensions model;
    private final double weightBytes;
    private final KvMemory memory;
    private final int context;
    private final Set<Recomputation> allowed;
    private volatile @Nullable AdaptivePlan plan;

    /** The profile is read once per process. */
    private static final class Profile {
        static final ProfileStore.Found FOUND = ProfileStore.ofProcess().load();
    }

    /**
     * @param weightBytes bytes of weights that a step reads
     * @param replays     whether deleted tokens can be computed again
     */
    public SessionSchedule(ModelShape shape, SessionMode mode, KvMemory memory, ModelDimensions model,
            double weightBytes, boolean replays) {
        this.mode = mode;
        this.memory = memory;
        this.model = model;
        this.weightBytes = weightBytes;
        this.context = shape.contextLength();
        this.allowed = replays ? Set.of(Recomputation.REPLAY) : Set.of();
    }

    @Override
    public Decision decide(Occupancy now) {
        AdaptivePlan existing = plan;
        // What can be had, not what were left if everybody took his share: who misses memory asks for it.
        Caps caps = new Caps(Math.max(memory.fast().share(), now.fastCap()),
                Math.max(memory.slow().share(), now.slowCap()));
        if (existing == null) {
            existing = new AdaptivePlan(profiled(), caps, new Expectation(Math.min(now.tokens(), context - 1), context),
                    allowed);
            plan = existing;
        }
        return existing.decide(now, caps);
    }

    private CostModel profiled() {
        return new CostModel(bytes(), Profile.FOUND.orAssumed(), mode.access(), weightBytes);
    }

    private ByteModel bytes() {
        return mode.bytes(model);
    }

    /**
     * Tells the plan what a step read from the slow tier, and how long it waited for that.
     *
     * @param sparse whether the step attended a part of the tokens: what others read says nothing about these
     */
    void loaded(long bytes, long nanos, long slowBytes, boolean sparse) {
        AdaptivePlan existing = plan;
        if (existing != null) {
            existing.measured().step((double) bytes, (double) slowBytes, nanos, sparse);
        }
    }

    /** Tells the plan how long it took to recompute that many tokens of a context of {@code tokens}. */
    void recomputed(long count, int tokens, long nanos) {
        AdaptivePlan existing = plan;
        if (existing != null) {
            existing.measured().recomputed(count * Recomputation.REPLAY.multiplyAdds(bytes(), tokens), nanos);
        }
    }

    /** What was decided and refused, and why, a sentence each; empty as long as everything fits with ease. */
    public List<String> reasons() {
        AdaptivePlan existing = plan;
        return existing == null ? List.of() : existing.plan().reasons();
    }
}
