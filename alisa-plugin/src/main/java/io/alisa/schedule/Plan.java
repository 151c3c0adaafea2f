package io.alisa.schedule;

import java.util.List;

import org.jspecify.annotations.Nullable;

/**
 * What the scheduler is going to do, and what that is predicted to cost.
 *
 * @param split          offload ratio, delete ratio and the two phase points
 * @param recomputation  how deleted tokens come back; null: none is deleted
 * @param times          predicted time per phase
 * @param computeNanos   of that, attention and weights
 * @param transferNanos  of that, moving between the tiers
 * @param recomputeNanos of that, recomputing
 * @param fits           whether the expected context fits under the caps
 * @param reasons        what was decided and refused and why, a sentence each
 */
public record Plan(Split split, @Nullable Recomputation recomputation, PhaseTimes times, double computeNanos,
        double transferNanos, double recomputeNanos, boolean fits, List<String> reasons) {
    public Plan {
        reasons = List.copyOf(reasons);
    }

    /** Nothing ever leaves the fast tier. */
    public static Plan none() {
        return new Plan(Split.NONE, null, PhaseTimes.NONE, 0, 0, 0, true, List.of());
    }

    /** Bytes in the fast tier at a length of the context. */
    public double fastBytes(ByteModel bytes, double tokens) {
        return Forecast.fastBytes(bytes, split, recomputation, tokens);
    }

    /** Bytes in the slow tier at a length of the context. */
    public double slowBytes(ByteModel bytes, double tokens) {
        return Forecast.slowBytes(bytes, split, recomputation, tokens);
    }

    /** Predicted time of a step at a length of the context; what is moved out is not in it. */
    public double stepNanos(CostModel costs, double tokens) {
        return costs.computeNanos(tokens) + costs.loadNanos(tokens, split.slow(tokens)) + recomputeNanos(costs, tokens);
    }

    /** Of that, what computing deleted tokens again takes. */
    public double recomputeNanos(CostModel costs, double tokens) {
        Recomputation by = recomputation;
        return by == null || split.deleted(tokens) == 0 ? 0 : costs.recomputeNanos(by, tokens, split.deleted(tokens));
    }
}
