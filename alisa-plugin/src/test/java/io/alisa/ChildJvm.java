package io.alisa;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A program of the tests in a JVM of its own, for what can't be tried in this one. */
public final class ChildJvm {
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
        command.add(program.getName());
        command.addAll(List.of(arguments));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        process.getOutputStream().close();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        process.waitFor();
        return said;
    }
}
