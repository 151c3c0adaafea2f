package io.alisa.doctor;

import java.util.ArrayList;
import java.util.List;

import org.jspecify.annotations.Nullable;

/** The plugin's version, the JVM, and the flags the application's JVM needs. */
final class RuntimeChecks {
    /** What the host and the plugin need; the same on every machine. */
    static final String VECTOR_FLAG = "--add-modules jdk.incubator.vector";
    private static final String AGENT_FLAG = "-javaagent:alisa-plugin.jar";
    private static final String NATIVE_FLAG = "--enable-native-access=ALL-UNNAMED";

    private RuntimeChecks() {
    }

    static List<Check> ofProcess() {
        return of(RuntimeChecks.class.getPackage().getImplementationVersion(), Runtime.version(),
                System.getProperty("java.vm.name", "unknown"), System.getenv("JDK_JAVA_OPTIONS"));
    }

    /**
     * @param options what {@code JDK_JAVA_OPTIONS} holds, or null
     */
    static List<Check> of(@Nullable String plugin, Runtime.Version java, String vm,
            @Nullable String options) {
        List<Check> checks = new ArrayList<>();
        checks.add(plugin == null
                ? Check.warn("plugin", "version unknown: these classes are not from the plugin's jar",
                        "run it as java -jar alisa-plugin.jar")
                : Check.ok("plugin", plugin));
        checks.add(Check.ok("java", java + " (" + vm + ")"));
        checks.add(flags(options == null ? "" : options));
        return checks;
    }

    /** The doctor can't see the application's command line, only what every JVM reads. */
    private static Check flags(String options) {
        List<String> missing = new ArrayList<>();
        if (!options.contains("-javaagent:")) {
            missing.add(AGENT_FLAG);
        }
        if (!options.contains("jdk.incubator.vector")) {
            missing.add(VECTOR_FLAG);
        }
        if (!options.contains("--enable-native-access")) {
            missing.add(NATIVE_FLAG);
        }
        String subject = "application's JVM flags";
        if (missing.isEmpty()) {
            return Check.ok(subject, "all in JDK_JAVA_OPTIONS");
        }
        String flags = String.join(" ", missing);
        return missing.size() == 3
                ? Check.ok(subject,
                        "start your application with " + flags + ", by hand or in JDK_JAVA_OPTIONS")
                : Check.warn(subject, "JDK_JAVA_OPTIONS holds some, not " + flags,
                        "add the rest there, unless they are on the application's command line");
    }
}
