package io.alisa.doctor;

import java.io.IOException;
import java.lang.module.ModuleFinder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A second JVM with the Vector API: {@code java -jar} has no way to switch it on, and without it nothing is worth measuring. */
final class VectorJvm {
    private static final String MODULE = "jdk.incubator.vector";

    private VectorJvm() {
    }

    /** Whether this JVM lacks what the next one could have. */
    static boolean isNeeded() {
        return ModuleLayer.boot().findModule(MODULE).isEmpty() && ModuleFinder.ofSystem().find(MODULE).isPresent();
    }

    /** Runs the doctor there, with the same settings; returns its exit code. */
    static int run(List<String> words) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(), "--add-modules", MODULE,
                "--enable-native-access=ALL-UNNAMED", "-cp", System.getProperty("java.class.path")));
        for (String key : System.getProperties().stringPropertyNames()) {
            if (key.startsWith("alisa.")) {
                command.add("-D" + key + "=" + System.getProperty(key));
            }
        }
        command.add(Main.class.getName());
        command.addAll(words);
        Process process = new ProcessBuilder(command).inheritIO().start();
        try {
            return process.waitFor();
        } catch (InterruptedException e) {
            process.destroy();
            Thread.currentThread().interrupt();
            return 1;
        }
    }
}
