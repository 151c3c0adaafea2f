package io.alisa.chat;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** Runs a program to its end. */
final class ChildProcess {
    private ChildProcess() {
    }

    /** What it wrote, without what the JVM itself says about the incubator module. */
    record Result(int exit, String out, String err) {
    }

    static Result run(List<String> command, Map<String, String> environment, String input, Path scratch)
            throws IOException, InterruptedException {
        Path err = Files.createTempFile(scratch, "err", ".txt");
        ProcessBuilder builder = new ProcessBuilder(command).redirectError(err.toFile());
        builder.environment().putAll(environment);
        Process process = builder.start();
        try (OutputStream in = process.getOutputStream()) {
            in.write(input.getBytes(StandardCharsets.UTF_8));
        }
        String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        int exit = process.waitFor();
        String said = Files.readString(err).lines()
                .filter(line -> !line.startsWith("WARNING: Using incubator"))
                .reduce("", (a, b) -> a + b + "\n");
        return new Result(exit, out, said);
    }
}
