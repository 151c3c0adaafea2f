package io.alisa.compat.bench;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

import io.alisa.compat.Operations;
import io.alisa.compat.TemporaryDirectory;

/** Runs a main class in a JVM of its own with the plugin, and reads the lines that it marked. */
final class ChildJvm {
    private static final int HOURS_TO_WAIT = 2;

    private final String agent;

    ChildJvm(String agent) {
        this.agent = agent;
    }

    /** The marked lines, cut at their commas. */
    List<String[]> run(Operations operations, List<String> settings, Class<?> main, String mark,
            List<String> arguments) throws IOException, InterruptedException {
        try (TemporaryDirectory temporary = TemporaryDirectory.in(Path.of("target"))) {
            return run(temporary, operations, settings, main, mark, arguments);
        }
    }

    private List<String[]> run(TemporaryDirectory temporary, Operations operations, List<String> settings,
            Class<?> main, String mark, List<String> arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(
                List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-javaagent:" + agent));
        command.addAll(List.of("--add-modules=jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED", "-Xms1g",
                "-Xmx4g", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
                "-Djlama.force_panama_tensor_operations=" + (operations == Operations.PANAMA),
                "-Dbench.quick=" + Sizes.QUICK,
                "-Dbench.pages=" + temporary.path(), "-cp", System.getProperty("java.class.path")));
        command.addAll(settings);
        command.add(main.getName());
        command.addAll(arguments);
        command.add(1, temporary.flag());
        Process process = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
        var _ = process.onExit().orTimeout(HOURS_TO_WAIT, TimeUnit.HOURS)
                .exceptionally(late -> process.destroyForcibly());
        List<String[]> rows = new ArrayList<>();
        try (BufferedReader output = process.inputReader()) {
            for (String line = output.readLine(); line != null; line = output.readLine()) {
                if (line.startsWith(mark)) {
                    rows.add(line.substring(mark.length()).split(",", -1));
                }
            }
        }
        if (process.waitFor() != 0 || rows.isEmpty()) {
            throw new IOException("Exit code " + process.exitValue() + " of " + command);
        }
        return rows;
    }
}
