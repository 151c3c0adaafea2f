package io.alisa.compat.bench;

import java.util.Collection;
import java.util.EnumMap;
import java.util.Map;
import java.util.TreeMap;

import org.openjdk.jmh.results.RunResult;

/**
 * What the kernel benchmarks measured, in microseconds; NaN where they did not. Dense steps are those of the plugin's dense
 * modes.
 */
final class KernelTimes {
    private final Map<Mode, Map<Integer, Double>> attend = new EnumMap<>(Mode.class);
    private final Map<Mode, Map<Integer, Double>> read = new EnumMap<>(Mode.class);
    private final Map<Double, Map<Integer, Step>> sparse = new TreeMap<>();

    /** A sparse step. */
    record Step(double micros, double selectMicros, double attendMicros) {
        private static final Step NONE = new Step(Double.NaN, Double.NaN, Double.NaN);

        /** Selection's share of the time. */
        double selectShare() {
            return selectMicros / (selectMicros + attendMicros);
        }

        static Step of(RunResult result) {
            // The parts come as sums over all steps: taken as shares of the whole.
            double micros = result.getPrimaryResult().getScore();
            double select = Figures.secondary(result, "selectNanos");
            double both = select + Figures.secondary(result, "attendNanos");
            return new Step(micros, micros * select / both, micros * (both - select) / both);
        }
    }

    void addDense(Mode mode, Collection<RunResult> results) {
        for (RunResult result : results) {
            Map<Mode, Map<Integer, Double>> target = result.getParams().getBenchmark().endsWith(".attend")
                    ? attend
                    : read;
            target.computeIfAbsent(mode, m -> new TreeMap<>()).put(Figures.tokens(result),
                    result.getPrimaryResult().getScore());
        }
    }

    void addSparse(double ratio, Collection<RunResult> results) {
        for (RunResult result : results) {
            sparse.computeIfAbsent(ratio, r -> new TreeMap<>()).put(Figures.tokens(result), Step.of(result));
        }
    }

    double attend(Mode mode, int tokens) {
        return attend.getOrDefault(mode, Map.of()).getOrDefault(tokens, Double.NaN);
    }

    /** Only reading the same bytes. */
    double read(Mode mode, int tokens) {
        return read.getOrDefault(mode, Map.of()).getOrDefault(tokens, Double.NaN);
    }

    Step sparse(double ratio, int tokens) {
        return sparse.getOrDefault(ratio, Map.of()).getOrDefault(tokens, Step.NONE);
    }

    /** The attention of one of the plugin's modes. */
    double of(Mode mode, int tokens) {
        return switch (mode) {
            case HOST -> Double.NaN;
            case EXACT, INT8 -> attend(mode, tokens);
            case SPARSE_20 -> sparse(0.2, tokens).micros();
            case SPARSE_10 -> sparse(0.1, tokens).micros();
        };
    }

    boolean isEmpty() {
        return attend.isEmpty();
    }
}
