package io.alisa.compat.simulate;

import java.util.List;

import io.alisa.Phase;
import io.alisa.schedule.PhaseTimes;

/**
 * What a run came to.
 *
 * @param fits      false: the KV can't be held, and there is no throughput
 * @param seconds   time of the whole run, prompt included
 * @param transfer  of that, moving KV (whatever of it hides behind computing)
 * @param recompute of that, recomputing
 * @param phases    decode steps and time by phase
 * @param peakFast  most bytes of KV on the GPU
 * @param peakSlow  most bytes of KV on the CPU
 * @param reasons   what the planner says
 */
public record Outcome(boolean fits, double seconds, double transfer, double recompute, PhaseTimes phases,
        double peakFast, double peakSlow, List<String> reasons) {
    public Outcome {
        reasons = List.copyOf(reasons);
    }

    /** Input and output tokens per second, as the paper counts them. */
    public double throughput(int batch, int context) {
        return fits ? (double) batch * context / seconds : Double.NaN;
    }

    boolean deletes() {
        return phases.steps(Phase.III) > 0;
    }
}
