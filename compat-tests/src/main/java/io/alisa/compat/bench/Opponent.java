package io.alisa.compat.bench;

import java.util.ArrayList;
import java.util.List;

/** Who runs a benchmark. */
enum Opponent {
    HOST_PANAMA(false, true),
    HOST_NATIVE(false, false),
    PLUGIN_PANAMA(true, true),
    PLUGIN_NATIVE(true, false);

    private final boolean plugin;
    private final boolean panama;

    Opponent(boolean plugin, boolean panama) {
        this.plugin = plugin;
        this.panama = panama;
    }

    boolean isPlugin() {
        return plugin;
    }

    /** Flags of its JVM. */
    List<String> flags(String agentJar) {
        List<String> flags = new ArrayList<>(List.of("--add-modules=jdk.incubator.vector",
                "--enable-native-access=ALL-UNNAMED", "-Xms2g", "-Xmx4g",
                "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"));
        if (plugin) {
            flags.add("-javaagent:" + agentJar);
        }
        if (panama) {
            flags.add("-Djlama.force_panama_tensor_operations=true");
        }
        return flags;
    }

    String label() {
        return (plugin ? "plugin" : "host") + (panama ? " (Panama)" : " (native)");
    }
}
