package io.alisa.compat.bench;

import java.io.IOException;
import java.util.List;
import java.util.Map;

import org.openjdk.jmh.runner.RunnerException;

/**
 * One benchmark for several modes. Host and exact mode run with the host's Panama and with its native operations; the
 * plugin's other modes with those that exact mode was faster with, since they share all but the attention with it.
 */
final class Contest {
    private final Forks forks;
    private final Class<?> benchmark;

    Contest(Forks forks, Class<?> benchmark) {
        this.forks = forks;
        this.benchmark = benchmark;
    }

    /** Exact mode comes before the plugin's others in {@code modes}. */
    Figures run(List<Mode> modes, List<Integer> tokens, Map<String, String> parameters)
            throws RunnerException, IOException {
        Figures figures = new Figures();
        for (Mode mode : modes) {
            List<Boolean> panama = mode == Mode.HOST || mode == Mode.EXACT
                    ? List.of(true, false)
                    : List.of(figures.panamaIsFaster(Mode.EXACT));
            for (boolean operations : panama) {
                Opponent opponent = new Opponent(mode, operations);
                figures.add(opponent, forks.run(benchmark, opponent, tokens, parameters));
            }
        }
        return figures;
    }
}
