package io.alisa.compat.bench;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

import io.alisa.compat.TemporaryDirectory;
import io.alisa.compat.tiny.TinyModels;

/** Whole processes from start to the first token: without the agent, with it but disabled, and with it. */
final class StartupBench {
    private static final int ROUNDS = 15;

    private StartupBench() {
    }

    /** Median milliseconds by kind; the kinds take turns, so that a slow spell of the machine hits all. */
    static Map<String, Double> run(String agent) throws IOException, InterruptedException {
        Path model = TinyModels.write(Path.of("target/bench/models"), BenchModels.small(512));
        Map<String, List<String>> kinds = new LinkedHashMap<>();
        kinds.put("absent", List.of());
        kinds.put("present but disabled", List.of("-javaagent:" + agent, "-Dalisa.enabled=false"));
        kinds.put("active", List.of("-javaagent:" + agent));
        Map<String, List<Double>> times = new LinkedHashMap<>();
        for (int round = 0; round < ROUNDS; round++) {
            for (Map.Entry<String, List<String>> kind : kinds.entrySet()) {
                times.computeIfAbsent(kind.getKey(), k -> new ArrayList<>())
                        .add(time(kind.getValue(), model));
            }
        }
        Map<String, Double> medians = new LinkedHashMap<>();
        times.forEach((kind, all) -> {
            double[] sorted = all.stream().mapToDouble(Double::doubleValue).toArray();
            Arrays.sort(sorted);
            medians.put(kind, sorted[sorted.length / 2]);
        });
        return medians;
    }

    private static double time(List<String> flags, Path model) throws IOException, InterruptedException {
        try (TemporaryDirectory temporary = TemporaryDirectory.in(Path.of("target"))) {
            return time(temporary, flags, model);
        }
    }

    private static double time(TemporaryDirectory temporary, List<String> flags, Path model)
            throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(
                List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), temporary.flag()));
        command.addAll(flags);
        command.addAll(List.of("--add-modules=jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED",
                "-Djlama.force_panama_tensor_operations=true",
                "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
                "-cp", System.getProperty("java.class.path"), FirstTokenRun.class.getName(),
                model.toString()));
        long start = System.nanoTime();
        Process process = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD).start();
        var _ = process.onExit().orTimeout(5, TimeUnit.MINUTES).exceptionally(late -> process.destroyForcibly());
        int exit = process.waitFor();
        double millis = (System.nanoTime() - start) / 1e6;
        if (exit != 0) {
            throw new IOException("Exit code " + exit + " of " + command);
        }
        return millis;
    }
}
