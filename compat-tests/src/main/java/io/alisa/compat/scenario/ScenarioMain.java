package io.alisa.compat.scenario;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

import io.alisa.compat.TemporaryDirectory;

/**
 * Runs every {@code *.scenario} file of a directory in the order of their names and leaves a {@code *.recording} beside
 * each. A scenario that fails leaves a recording that says so; the next one runs all the same.
 */
public final class ScenarioMain {
    private ScenarioMain() {
    }

    public static void main(String[] args) throws Exception {
        for (Path file : list(Path.of(args[0]), ".scenario")) {
            runOne(file);
        }
        // The host's thread pools would keep the process for a minute.
        System.exit(0);
    }

    /** Runs the scenario of one file. */
    public static void runOne(Path file) throws IOException {
        try (TemporaryDirectory workingDirectory = TemporaryDirectory.make()) {
            run(file, workingDirectory.path());
        }
    }

    private static void run(Path file, Path workingDirectory) throws IOException {
        Scenario scenario = Scenario.read(file);
        long start = System.nanoTime();
        Map<String, String> before = set(scenario.settings());
        Recording recording = run(scenario, workingDirectory);
        recording.facts().put(Fact.PLUGIN_ACTIVE, Boolean.toString(PluginProbe.active()));
        recording.facts().put(Fact.DEVICE_LAUNCHES, System.getProperty("test.device.launches", "0"));
        recording.facts().put(Fact.DEVICE_SELECTIONS, System.getProperty("test.device.selections", "0"));
        recording.facts().put(Fact.PAGE_FILES, Integer.toString(list(workingDirectory, ".page").size()));
        recording.write(recordingOf(file));
        set(before);
        System.out.printf("%s: %d ms %s%n", scenario.name(), (System.nanoTime() - start) / 1_000_000,
                recording.facts());
    }

    public static Path recordingOf(Path scenarioFile) {
        return scenarioFile
                .resolveSibling(scenarioFile.getFileName().toString().replace(".scenario", ".recording"));
    }

    /** Sets system properties and returns what they were; an empty value stands for one that is not set. */
    private static Map<String, String> set(Map<String, String> settings) {
        Map<String, String> before = new HashMap<>();
        settings.forEach((name, value) -> {
            String old = value.isEmpty() ? System.clearProperty(name) : System.setProperty(name, value);
            before.put(name, old == null ? "" : old);
        });
        return before;
    }

    private static Recording run(Scenario scenario, Path workingDirectory) {
        try {
            if (scenario.kind() == Kind.EMBED) {
                return EmbedRun.run(scenario, workingDirectory);
            }
            Optional<Recording> reference = scenario.reference().isPresent()
                    ? Optional.of(Recording.read(scenario.reference().get()))
                    : Optional.empty();
            try (Decoder decoder = Decoder.load(scenario, workingDirectory)) {
                return switch (scenario.kind()) {
                    case GENERATE -> new GenerateRun(scenario, decoder.model()).run();
                    case CONVERSATION, WHOLE_PROMPTS, HISTORY, SYSTEM_MESSAGE, SYSTEM_MESSAGES, SAVE, RESTORE, PINNED ->
                        new ConversationRun(scenario, decoder.model()).run();
                    case REUSED -> new ReusedRun(scenario, decoder.model()).run();
                    case MANY_HISTORIES -> new ManyConversationsRun(scenario, decoder.model()).run();
                    case CHURN, ABANDON -> new ChurnRun(scenario, decoder).run();
                    case OWN_STEPS -> new OwnStepsRun(scenario, decoder.model()).run();
                    case BATCHES -> new BatchesRun(scenario, decoder).run();
                    case MODES -> new ModesRun(scenario, decoder).run();
                    default -> new GreedyRun(scenario, decoder, reference).run();
                };
            }
        } catch (Exception | LinkageError | AssertionError e) {
            e.printStackTrace();
            Map<Fact, String> facts = new EnumMap<>(Fact.class);
            facts.put(Fact.FAILURE, e.toString());
            return new Recording(List.of(), facts);
        }
    }

    private static List<Path> list(Path directory, String ending) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.filter(file -> file.toString().endsWith(ending)).sorted().toList();
        }
    }
}
