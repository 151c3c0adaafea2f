package io.alisa.compat.bench;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

import io.alisa.compat.TemporaryDirectory;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;

/** Runs benchmarks in JVMs of their own and says how far we are. */
final class Forks {
    private final String agent;
    private final Path directory;
    private final long start = System.nanoTime();

    /** @param directory for what the host leaves behind, which is deleted after each run */
    Forks(String agent, Path directory) {
        this.agent = agent;
        this.directory = directory;
    }

    /** Runs a benchmark at the given sizes, with values of its other parameters. */
    Collection<RunResult> run(Class<?> benchmark, Opponent opponent, List<Integer> tokens,
            Map<String, String> parameters) throws RunnerException, IOException {
        long seconds = TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - start);
        System.out.printf("== after %d:%02d: %s %s, %s%n", seconds / 60, seconds % 60, benchmark.getSimpleName(),
                parameters.isEmpty() ? "" : parameters, opponent.label());
        try (TemporaryDirectory pages = TemporaryDirectory.in(directory)) {
            return run(pages, benchmark, opponent, tokens, parameters);
        }
    }

    private Collection<RunResult> run(TemporaryDirectory pages, Class<?> benchmark, Opponent opponent,
            List<Integer> tokens, Map<String, String> parameters) throws RunnerException {
        ChainedOptionsBuilder options = new OptionsBuilder().include(benchmark.getName() + "\\.").forks(1)
                .jvmArgs(opponent.flags(agent).toArray(String[]::new))
                .jvmArgsAppend("-Dbench.pages=" + pages.path(), pages.flag())
                .shouldFailOnError(true)
                .param("tokens", tokens.stream().map(String::valueOf).toArray(String[]::new));
        for (Map.Entry<String, String> parameter : parameters.entrySet()) {
            options = options.param(parameter.getKey(), parameter.getValue());
        }
        if (benchmark == DecodeBench.class) {
            options = options.addProfiler(GCProfiler.class);
        }
        if (Sizes.QUICK) {
            options = options.warmupIterations(1).warmupTime(TimeValue.seconds(2)).measurementIterations(1)
                    .measurementTime(TimeValue.milliseconds(300));
        }
        return new Runner(options.build()).run();
    }
}
