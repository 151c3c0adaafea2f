package io.alisa.compat;

import java.io.File;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

import io.alisa.compat.scenario.Scenario;
import io.alisa.compat.scenario.ScenarioMain;

/** Starts a JVM with the host, with the plugin or without, and has it run scenarios. */
public final class HostProcess {
    /** Set to {@code none}, both roles are played by the host: to try the tests themselves. */
    private static final String AGENT_PROPERTY = "compat.agent";
    private static final int MINUTES_TO_WAIT = 30;

    private final Path directory;
    private final boolean plugin;
    private final List<String> flags = new ArrayList<>(List.of("--add-modules", "jdk.incubator.vector",
            "--enable-native-access=ALL-UNNAMED", "-Xms512m", "-Xmx1g", "-XX:-CreateCoredumpOnCrash",
            "-Dslf4j.internal.verbosity=WARN",
            "-Dorg.slf4j.simpleLogger.log.com.github.tjake=warn"));
    private List<String> mainClass = List.of(ScenarioMain.class.getName());
    private List<Path> classPath = hostClassPath();

    private HostProcess(Path directory, boolean plugin) {
        this.directory = directory.toAbsolutePath();
        this.plugin = plugin;
    }

    /** The reference: no agent, and nothing of ours on the class path but the scenarios. */
    public static HostProcess unmodified(Path directory) {
        return new HostProcess(directory, false);
    }

    /** The same with {@code -javaagent}. */
    public static HostProcess withPlugin(Path directory) {
        return new HostProcess(directory, true);
    }

    /** Whether {@link #withPlugin} really starts the plugin. */
    public static boolean pluginAvailable() {
        return !"none".equals(System.getProperty(AGENT_PROPERTY));
    }

    public static Path pluginJar() {
        return Path.of(System.getProperty(AGENT_PROPERTY, "../alisa-plugin/target/alisa-plugin.jar"))
                .toAbsolutePath();
    }

    /** This process's class path without the plugin: a helper JVM gets that as an agent or not at all. */
    public static List<Path> hostClassPath() {
        return Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator, -1))
                .map(Path::of)
                .map(Path::toAbsolutePath).filter(entry -> !isPlugin(entry)).toList();
    }

    private static boolean isPlugin(Path entry) {
        return entry.getFileName().toString().startsWith("alisa-plugin")
                || entry.endsWith(Path.of("alisa-plugin", "target", "classes"));
    }

    public HostProcess operations(Operations operations) {
        return operations == Operations.PANAMA
                ? property("jlama.force_panama_tensor_operations", "true")
                : this;
    }

    public HostProcess property(String name, String value) {
        return flag("-D" + name + "=" + value);
    }

    public HostProcess flag(String flag) {
        flags.add(flag);
        return this;
    }

    /**
     * For tests that compare bits. The Vector API leaves open in which order the lanes of a vector are added up; the interpreter
     * takes another one than compiled code, so the host's last bits depend on what is compiled already, and on what the
     * compiler takes back. Without the compiler's own version of such a sum the order is always the interpreter's.
     */
    public HostProcess orderedSums() {
        return flag("-XX:+UnlockDiagnosticVMOptions").flag("-XX:DisableIntrinsic=_VectorReductionCoerced");
    }

    public HostProcess withoutFlag(String flag) {
        flags.remove(flag);
        return this;
    }

    public HostProcess classPath(List<Path> newClassPath) {
        classPath = newClassPath;
        return this;
    }

    /** Another main class than {@link ScenarioMain}, with arguments that come before the scenarios' directory. */
    public HostProcess mainClass(List<String> classAndArguments) {
        mainClass = classAndArguments;
        return this;
    }

    /** Runs the scenarios one after the other in one JVM. */
    public HostResult run(List<Scenario> scenarios) throws IOException, InterruptedException {
        Files.createDirectories(directory);
        Map<String, Path> files = new LinkedHashMap<>();
        for (Scenario scenario : scenarios) {
            Path file = directory.resolve("%03d.scenario".formatted(files.size()));
            scenario.write(file);
            files.put(scenario.name(), ScenarioMain.recordingOf(file));
        }
        Path output = directory.resolve("output.txt");
        return new HostResult(files, run(arguments(), Redirect.PIPE, output, MINUTES_TO_WAIT));
    }

    /** Whoever uses the plugin may have switched it on for all JVMs: the unmodified host must not have it, nor its settings. */
    public static void withoutFlagsOfOthers(ProcessBuilder builder) {
        flagsOfOthers(builder.environment().keySet()).forEach(builder.environment()::remove);
    }

    /** Variables of the environment that switch the plugin on, or say how. */
    public static List<String> flagsOfOthers(Collection<String> variables) {
        return variables.stream().filter(name -> name.equals("JDK_JAVA_OPTIONS") || name.equals("JAVA_TOOL_OPTIONS")
                || name.startsWith("ALISA_")).sorted().toList();
    }

    /**
     * Runs a JVM to its end, with a temporary directory of its own beside what it prints.
     *
     * @param output  where what it prints goes
     * @param minutes until it is given up
     * @return what it printed
     * @throws HostProcessException where it fails or is given up
     */
    static String run(List<String> arguments, Redirect input, Path output, int minutes)
            throws IOException, InterruptedException {
        try (TemporaryDirectory temporary = TemporaryDirectory.in(output.resolveSibling(""))) {
            List<String> command = new ArrayList<>();
            command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
            command.add(temporary.flag());
            command.addAll(arguments);
            ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true).redirectInput(input)
                    .redirectOutput(output.toFile());
            withoutFlagsOfOthers(builder);
            Process process = builder.start();
            boolean ended;
            try {
                ended = process.waitFor(minutes, TimeUnit.MINUTES);
            } finally {
                process.destroyForcibly().onExit().join(); // nothing where it ended
            }
            String text = Files.readString(output);
            if (!ended || process.exitValue() != 0) {
                throw new HostProcessException("%s%n%s%n%s".formatted(String.join(" ", command), text,
                        ended ? "Exit code " + process.exitValue() : "Did not end in time"));
            }
            return text;
        }
    }

    private List<String> arguments() {
        List<String> arguments = new ArrayList<>();
        if (plugin && pluginAvailable()) {
            arguments.add("-javaagent:" + pluginJar());
        }
        arguments.addAll(flags);
        arguments.add("-cp");
        arguments.add(String.join(File.pathSeparator, classPath.stream().map(Path::toString).toList()));
        arguments.addAll(mainClass);
        arguments.add(directory.toString());
        return arguments;
    }
}
