package io.alisa.compat.bench;

import java.util.ArrayList;
import java.util.List;

/**
 * Who runs a benchmark.
 *
 * @param panama whether the host's operations (projections, feed-forward) are its Panama ones, else its native ones
 */
record Opponent(Mode mode, boolean panama) {
    /** Says in its JVM whether the plugin must be active there. */
    static final String PLUGIN = "bench.plugin";

    /** Flags of its JVM. */
    List<String> flags(String agentJar) {
        List<String> flags = new ArrayList<>(List.of("--add-modules=jdk.incubator.vector",
                "--enable-native-access=ALL-UNNAMED", "-Xms2g", "-Xmx4g",
                "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"));
        flags.add("-D" + PLUGIN + "=" + mode.isPlugin());
        if (mode.isPlugin()) {
            flags.add("-javaagent:" + agentJar);
            flags.addAll(mode.settings());
        }
        if (panama) {
            flags.add("-Djlama.force_panama_tensor_operations=true");
        }
        return flags;
    }

    String label() {
        return mode.label() + (panama ? " (Panama)" : " (native)");
    }
}
