package io.alisa.doctor;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

import org.jspecify.annotations.Nullable;

/** The plugin's version, the JVM, and the flags the application's JVM needs. */
final class RuntimeChecks {
    /** What the host and the plugin need; the same on every machine. */
    static final String VECTOR_FLAG = "--add-modules jdk.incubator.vector";
    /** The Java the tests run on; these classes are made for it, so it is the oldest, too. */
    private static final int TRIED = 25;
    /** What the shell would take for one word: blanks may be quoted. */
    private static final Pattern WORD = Pattern.compile("(?:[^\\s\"']|\"[^\"]*\"|'[^']*')+");
    private static final Pattern AGENT = Pattern.compile("-javaagent:(?:.*[/\\\\])?alisa-plugin[^/\\\\]*");
    private static final String AGENT_FLAG = "-javaagent:alisa-plugin.jar";
    /** The first is read by {@code java} alone, the other by whatever starts a JVM. */
    private static final List<String> VARIABLES = List.of("JDK_JAVA_OPTIONS", "JAVA_TOOL_OPTIONS");
    private static final String NATIVE_FLAG = "--enable-native-access=ALL-UNNAMED";

    private RuntimeChecks() {
    }

    static List<Check> ofProcess() {
        return of(version(), Runtime.version(), System.getProperty("java.vm.name", "unknown"), System.getenv());
    }

    /** The plugin's version; null where these classes are not from its jar. */
    static @Nullable String version() {
        return RuntimeChecks.class.getPackage().getImplementationVersion();
    }

    static List<Check> of(@Nullable String plugin, Runtime.Version java, String vm, Map<String, String> environment) {
        List<Check> checks = new ArrayList<>();
        checks.add(plugin == null
                ? Check.warn("plugin", "version unknown: these classes are not from the plugin's jar",
                        "run it as java -jar alisa-plugin.jar")
                : Check.ok("plugin", plugin));
        String running = java + " (" + vm + ")";
        checks.add(java.feature() > TRIED
                ? Check.warn("java", running + ": newer than what was tried", "use Java " + TRIED)
                : Check.ok("java", running));
        checks.add(flags(environment));
        return checks;
    }

    /** The doctor can't see the application's command line, only what every {@code java} reads beside its own. */
    private static Check flags(Map<String, String> environment) {
        List<String> read = VARIABLES.stream().filter(environment::containsKey).toList();
        String options = String.join(" ", read.stream().map(name -> environment.getOrDefault(name, "")).toList());
        String where = String.join(" and ", read);
        List<String> missing = new ArrayList<>();
        if (WORD.matcher(options).results().map(word -> word.group().replaceAll("[\"']", ""))
                .noneMatch(word -> AGENT.matcher(word).matches())) {
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
            return Check.ok(subject, "all in " + where);
        }
        String flags = String.join(" ", missing);
        return missing.size() == 3
                ? Check.ok(subject,
                        "start your application with " + flags + ", by hand or in JDK_JAVA_OPTIONS")
                : Check.warn(subject, where + (read.size() == 1 ? " holds" : " hold") + " some, not " + flags,
                        "add the rest there, unless they are on the application's command line");
    }
}
