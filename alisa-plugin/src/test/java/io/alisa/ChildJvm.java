package io.alisa;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** A program of the tests in a JVM of its own, for what can't be tried in this one. It must end in some minutes. */
public final class ChildJvm {
    private static final int MINUTES_TO_WAIT = 5;

    private final List<String> command = new ArrayList<>();

    private ChildJvm() {
    }

    /** A program in a JVM with these options. */
    public static ChildJvm with(String... options) {
        ChildJvm child = new ChildJvm();
        child.command.addAll(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Xmx256m",
                "-XX:-UsePerfData", "--add-modules", "jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED"));
        child.command.addAll(List.of(options));
        child.command.add("-cp");
        child.command.add(System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")));
        return child;
    }

    /** Lets no file of the program grow larger than that, as if the disk were full. */
    public ChildJvm withFilesUpTo(int kibibytes) {
        command.addAll(0, List.of("bash", "-c", "ulimit -f " + kibibytes + "; exec \"$@\"", "bash"));
        return this;
    }

    /** Runs it. Returns what it said. */
    public String run(Class<?> program, String... arguments) throws IOException, InterruptedException {
        Path temporary = Files.createTempDirectory("child");
        try {
            command.add("-Djava.io.tmpdir=" + temporary);
            command.add(program.getName());
            command.addAll(List.of(arguments));
            return run(temporary.resolve("said.txt"));
        } finally {
            delete(temporary);
        }
    }

    private String run(Path output) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(output.toFile()).start();
        boolean ended;
        try {
            ended = process.waitFor(MINUTES_TO_WAIT, TimeUnit.MINUTES);
        } finally {
            process.destroyForcibly().onExit().join(); // nothing where it ended
        }
        String said = Files.readString(output);
        assertThat(ended).as("%s ended; it said:%n%s", command, said).isTrue();
        return said;
    }

    private static void delete(Path directory) throws IOException {
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }
}
