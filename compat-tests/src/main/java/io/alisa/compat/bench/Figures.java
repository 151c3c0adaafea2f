package io.alisa.compat.bench;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

import org.openjdk.jmh.results.RunResult;

/** What one benchmark measured, by opponent and number of tokens. What was not measured is NaN. */
final class Figures {
    private final Map<Opponent, Map<Integer, Figure>> figures = new LinkedHashMap<>();

    private record Figure(double time, double bytes) {
        private static final Figure NONE = new Figure(Double.NaN, Double.NaN);
    }

    /** A counter or a profiler's figure. */
    static double secondary(RunResult result, String name) {
        for (String key : result.getSecondaryResults().keySet()) {
            if (key.endsWith(name)) {
                return result.getSecondaryResults().get(key).getScore();
            }
        }
        return Double.NaN;
    }

    static int tokens(RunResult result) {
        return Integer.parseInt(result.getParams().getParam("tokens"));
    }

    void add(Opponent opponent, Collection<RunResult> results) {
        results.forEach(result -> add(opponent, tokens(result), result.getPrimaryResult().getScore(),
                secondary(result, "gc.alloc.rate.norm")));
    }

    void add(Opponent opponent, int tokens, double time, double bytes) {
        figures.computeIfAbsent(opponent, o -> new TreeMap<>()).put(tokens, new Figure(time, bytes));
    }

    Set<Opponent> opponents() {
        return figures.keySet();
    }

    Set<Integer> tokens() {
        Set<Integer> all = new TreeSet<>();
        figures.values().forEach(ofOpponent -> all.addAll(ofOpponent.keySet()));
        return all;
    }

    private Figure figure(Opponent opponent, int tokens) {
        return figures.getOrDefault(opponent, Map.of()).getOrDefault(tokens, Figure.NONE);
    }

    /** In the benchmark's unit. */
    double time(Opponent opponent, int tokens) {
        return figure(opponent, tokens).time();
    }

    /** Bytes allocated per operation. */
    double bytes(Opponent opponent, int tokens) {
        return figure(opponent, tokens).bytes();
    }

    /** The time with the operations that are faster. */
    double best(Mode mode, int tokens) {
        return time(faster(mode, tokens), tokens);
    }

    /** A mode with the operations that it is faster with at this size, or the only ones that were measured. */
    Opponent faster(Mode mode, int tokens) {
        Opponent panama = new Opponent(mode, true);
        Opponent withNative = new Opponent(mode, false);
        double panamaTime = time(panama, tokens);
        return Double.isNaN(panamaTime) || time(withNative, tokens) < panamaTime ? withNative : panama;
    }

    /** Whether a mode is faster with Panama operations at the smallest size, where they are most of the work. */
    boolean panamaIsFaster(Mode mode) {
        int smallest = tokens().iterator().next();
        return time(new Opponent(mode, true), smallest) <= time(new Opponent(mode, false), smallest);
    }
}
