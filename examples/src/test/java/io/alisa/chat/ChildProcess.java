package io.alisa.chat;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** Runs a program to its end, which must come in some minutes. */
final class ChildProcess {
    private static final int MINUTES_TO_WAIT = 5;

    private ChildProcess() {
    }

    /** What it wrote, without what the JVM itself says about the incubator module. */
    record Result(int exit, String out, String err) {
    }

    static Result run(List<String> command, Map<String, String> environment, String input, Path scratch)
            throws IOException, InterruptedException {
        Path in = Files.writeString(scratch.resolve("in.txt"), input);
        Path out = scratch.resolve("out.txt");
        Path err = scratch.resolve("err.txt");
        ProcessBuilder builder = new ProcessBuilder(command).redirectInput(in.toFile()).redirectOutput(out.toFile())
                .redirectError(err.toFile());
        builder.environment().putAll(environment);
        Process process = builder.start();
        boolean ended;
        try {
            ended = process.waitFor(MINUTES_TO_WAIT, TimeUnit.MINUTES);
        } finally {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly().onExit().join(); // nothing where it ended
        }
        String said = Files.readString(err).lines()
                .filter(line -> !line.startsWith("WARNING: Using incubator"))
                .reduce("", (a, b) -> a + b + "\n");
        assertThat(ended).as("%s ended; it said:%n%s%s", command, Files.readString(out), said).isTrue();
        return new Result(process.exitValue(), Files.readString(out), said);
    }
}
