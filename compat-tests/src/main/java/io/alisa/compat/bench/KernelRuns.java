package io.alisa.compat.bench;

import java.io.IOException;
import java.util.List;
import java.util.Map;

import org.openjdk.jmh.runner.RunnerException;

/** Runs the kernel benchmarks size by size, so that what is compared is measured within seconds of each other. */
final class KernelRuns {
    static final List<Double> RATIOS = List.of(0.2, 0.1);
    /** Attended by every step where the context grows and the budget does not. */
    static final int FIXED_BUDGET = 1_024;

    /** The benchmarks call the plugin's classes themselves: any of its modes loads them. */
    private static final Opponent JVM = new Opponent(Mode.EXACT, true);

    private final Forks forks;

    KernelRuns(Forks forks) {
        this.forks = forks;
    }

    KernelTimes run() throws RunnerException, IOException {
        KernelTimes times = new KernelTimes();
        for (int tokens : Sizes.KERNEL) {
            for (Mode mode : List.of(Mode.EXACT, Mode.INT8)) {
                times.addDense(mode, forks.run(KernelBench.class, JVM, List.of(tokens),
                        Map.of("format", mode == Mode.EXACT ? "F32" : "INT8")));
            }
            for (double ratio : RATIOS) {
                sparse(times, ratio, tokens);
            }
        }
        for (int tokens : Sizes.FIXED_BUDGET) {
            sparse(times, fixedBudget(tokens), tokens);
        }
        return times;
    }

    private void sparse(KernelTimes times, double ratio, int tokens) throws RunnerException, IOException {
        times.addSparse(ratio, forks.run(SparseKernelBench.class, JVM, List.of(tokens),
                Map.of("ratio", String.valueOf(ratio))));
    }

    /** The ratio at which a step attends {@link #FIXED_BUDGET} tokens. */
    static double fixedBudget(int tokens) {
        return FIXED_BUDGET / (double) tokens;
    }
}
