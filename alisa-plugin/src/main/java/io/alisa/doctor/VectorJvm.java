package io.alisa.doctor;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.module.ModuleFinder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.Set;

/** A second JVM with the Vector API: {@code java -jar} has no way to switch it on, and without it nothing is worth measuring. */
final class VectorJvm {
    private static final String MODULE = "jdk.incubator.vector";
    /** Where the slow tier, the profile and a GPU's library are by default. */
    private static final Set<String> PLACES = Set.of("java.io.tmpdir", "user.home", "java.library.path");

    /** What says how much memory and how many processors this JVM may use: what is chosen by default depends on them. */
    private static final List<String> BOUNDS = List.of("-Xmx", "-XX:MaxHeapSize=", "-XX:MaxRAM",
            "-XX:ActiveProcessorCount=");

    private VectorJvm() {
    }

    /** Whether this JVM lacks what the next one could have. */
    static boolean isNeeded() {
        return ModuleLayer.boot().findModule(MODULE).isEmpty() && ModuleFinder.ofSystem().find(MODULE).isPresent();
    }

    /** Runs the doctor there, with the same settings; returns its exit code. */
    static int run(List<String> words) throws IOException {
        List<String> flags = ManagementFactory.getRuntimeMXBean().getInputArguments();
        Process process = new ProcessBuilder(command(words, flags, System.getProperties())).inheritIO().start();
        try {
            return process.waitFor();
        } catch (InterruptedException e) {
            process.destroy();
            Thread.currentThread().interrupt();
            return 1;
        }
    }

    static List<String> command(List<String> words, List<String> flags, Properties properties) {
        List<String> command = new ArrayList<>(List.of(
                Path.of(properties.getProperty("java.home"), "bin", "java").toString(), "--add-modules", MODULE,
                "--enable-native-access=ALL-UNNAMED", "-cp", properties.getProperty("java.class.path")));
        flags.stream().filter(flag -> BOUNDS.stream().anyMatch(flag::startsWith)).forEach(command::add);
        for (String key : properties.stringPropertyNames()) {
            if (key.startsWith("alisa.") || PLACES.contains(key)) {
                command.add("-D" + key + "=" + properties.getProperty(key));
            }
        }
        command.add(Main.class.getName());
        command.addAll(words);
        return command;
    }
}
