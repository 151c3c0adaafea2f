package io.alisa.compat.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;

/**
 * Runs all benchmarks, opponent after opponent, and writes the figures as a table.
 *
 * <p>Arguments: the plugin jar, the directory for the report, and benchmarks to run (default: all of
 * {@code kernel layer decode prefill startup}).
 */
public final class BenchMain {
    private BenchMain() {
    }

    public static void main(String[] arguments) throws RunnerException, IOException, InterruptedException {
        String agent = arguments[0];
        Path directory = Files.createDirectories(Path.of(arguments[1]));
        List<String> wanted = arguments.length > 2
                ? List.of(arguments).subList(2, arguments.length)
                : List.of("kernel", "layer", "decode", "prefill", "startup");
        BenchReport report = new BenchReport();
        if (wanted.contains("kernel")) {
            // Size by size, so that attention and its floor are measured within seconds of each other.
            List<RunResult> results = new ArrayList<>();
            for (String tokens : KernelBench.SIZES) {
                results.addAll(run(KernelBench.class, Opponent.PLUGIN_PANAMA, agent, tokens));
            }
            report.kernel(results);
        }
        for (Opponent opponent : Opponent.values()) {
            if (wanted.contains("layer")) {
                report.layer(opponent, run(AttentionLayerBench.class, opponent, agent));
            }
            if (wanted.contains("decode")) {
                report.decode(opponent, run(DecodeBench.class, opponent, agent));
            }
            if (wanted.contains("prefill")) {
                report.prefill(opponent, run(PrefillBench.class, opponent, agent));
            }
        }
        if (wanted.contains("startup")) {
            report.startup(StartupBench.run(agent));
        }
        String text = report.text();
        Files.writeString(directory.resolve("benchmarks.md"), text);
        System.out.println(text);
    }

    private static Collection<RunResult> run(Class<?> benchmark, Opponent opponent, String agent, String... tokens)
            throws RunnerException {
        System.out.println("== " + benchmark.getSimpleName() + ", " + opponent.label());
        ChainedOptionsBuilder options = new OptionsBuilder().include(benchmark.getName() + "\\.").forks(1)
                .jvmArgs(opponent.flags(agent).toArray(String[]::new)).shouldFailOnError(true);
        if (tokens.length > 0) {
            options = options.param("tokens", tokens);
        }
        if (benchmark == DecodeBench.class) {
            options = options.addProfiler(GCProfiler.class);
        }
        return new Runner(options.build()).run();
    }
}
