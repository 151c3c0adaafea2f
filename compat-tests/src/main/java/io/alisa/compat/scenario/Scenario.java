package io.alisa.compat.scenario;

import java.io.IOException;
import java.io.Reader;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.TreeMap;

/**
 * One thing a helper JVM is to do with one model.
 *
 * @param name        unique in a list of scenarios; the recording has it too
 * @param kind        what to do
 * @param model       model directory
 * @param types       types to load it with
 * @param text        prompt as text; when empty, the prompt is random tokens
 * @param prompt      length of the random prompt in tokens
 * @param decode      tokens to say after the prompt
 * @param sessions    how many sessions; each has a prompt of its own
 * @param threads     how many threads drive them
 * @param layerShards 2: the model's layers are split over two model objects
 * @param headShards  2: the model's heads are split over two model objects
 * @param reference   a recording whose tokens are fed instead of the ones said, so that a tie ends no comparison
 * @param settings    system properties while it runs: the plugin's settings are what they are when a session opens
 */
public record Scenario(String name, Kind kind, Path model, Types types, String text, int prompt, int decode,
        int sessions, int threads, int layerShards, int headShards, Optional<Path> reference,
        Map<String, String> settings) {
    private static final String SETTING = "setting.";

    public static Scenario of(String name, Kind kind, Path model, Types types, int prompt, int decode) {
        return new Scenario(name, kind, model, types, "", prompt, decode, 1, 1, 1, 1, Optional.empty(),
                Map.of());
    }

    public Scenario name(String newName) {
        return new Scenario(newName, kind, model, types, text, prompt, decode, sessions, threads, layerShards,
                headShards, reference, settings);
    }

    public Scenario text(String newText) {
        return new Scenario(name, kind, model, types, newText, prompt, decode, sessions, threads, layerShards,
                headShards, reference, settings);
    }

    public Scenario sessions(int newSessions, int newThreads) {
        return new Scenario(name, kind, model, types, text, prompt, decode, newSessions, newThreads,
                layerShards,
                headShards, reference, settings);
    }

    public Scenario layerShards(int shards) {
        return new Scenario(name, kind, model, types, text, prompt, decode, sessions, threads, shards,
                headShards, reference, settings);
    }

    public Scenario headShards(int shards) {
        return new Scenario(name, kind, model, types, text, prompt, decode, sessions, threads, layerShards,
                shards, reference, settings);
    }

    public Scenario reference(Path recording) {
        return new Scenario(name, kind, model, types, text, prompt, decode, sessions, threads, layerShards,
                headShards, Optional.of(recording), settings);
    }

    /** Beside the settings it has. */
    public Scenario settings(Map<String, String> more) {
        Map<String, String> all = new TreeMap<>(settings);
        all.putAll(more);
        return new Scenario(name, kind, model, types, text, prompt, decode, sessions, threads, layerShards,
                headShards, reference, Map.copyOf(all));
    }

    /** The same by one thread: the host alone has fields that two passes over one model would share. */
    public Scenario serial() {
        return sessions(sessions, 1);
    }

    public void write(Path file) throws IOException {
        Properties properties = new Properties();
        properties.setProperty("name", name);
        properties.setProperty("kind", kind.name());
        properties.setProperty("model", model.toAbsolutePath().toString());
        properties.setProperty("types", types.write());
        properties.setProperty("text", text);
        properties.setProperty("prompt", Integer.toString(prompt));
        properties.setProperty("decode", Integer.toString(decode));
        properties.setProperty("sessions", Integer.toString(sessions));
        properties.setProperty("threads", Integer.toString(threads));
        properties.setProperty("layerShards", Integer.toString(layerShards));
        properties.setProperty("headShards", Integer.toString(headShards));
        reference.ifPresent(path -> properties.setProperty("reference", path.toAbsolutePath().toString()));
        settings.forEach((setting, value) -> properties.setProperty(SETTING + setting, value));
        try (Writer writer = Files.newBufferedWriter(file)) {
            properties.store(writer, null);
        }
    }

    public static Scenario read(Path file) throws IOException {
        Properties properties = new Properties();
        try (Reader reader = Files.newBufferedReader(file)) {
            properties.load(reader);
        }
        Map<String, String> settings = new TreeMap<>();
        for (String key : properties.stringPropertyNames()) {
            if (key.startsWith(SETTING)) {
                settings.put(key.substring(SETTING.length()), properties.getProperty(key));
            }
        }
        return new Scenario(properties.getProperty("name"), Kind.valueOf(properties.getProperty("kind")),
                Path.of(properties.getProperty("model")), Types.read(properties.getProperty("types")),
                properties.getProperty("text"), number(properties, "prompt"), number(properties, "decode"),
                number(properties, "sessions"), number(properties, "threads"),
                number(properties, "layerShards"),
                number(properties, "headShards"),
                Optional.ofNullable(properties.getProperty("reference")).map(Path::of), settings);
    }

    private static int number(Properties properties, String key) {
        return Integer.parseInt(properties.getProperty(key));
    }
}
