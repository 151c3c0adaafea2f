package io.alisa.compat;

import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/** Starts an application of the module {@code compat-tests/clients}, with the plugin or without, and has it ask questions. */
public final class ClientProcess {
    private static final String NAME = "alisa/model";
    private static final int MINUTES_TO_WAIT = 20;

    /** The applications. */
    public enum Client {
        /** Jlama's own API. */
        PLAIN,
        /** langchain4j, whole answers, a new session id for each. */
        CHAT,
        /** langchain4j, answers piece by piece, one session id for all. */
        STREAMING,
        /** The same model, each question a conversation of its own, as of several users. */
        STREAMING_ALONE,
        /** Jlama's own API, the same questions, a new session id for each. */
        PLAIN_ALONE,
        /** langchain4j's model for texts, each by itself, one session id for all. */
        TEXT,
        /** The same by Jlama's own API, a new session id for each. */
        PLAIN_TEXT,
        /** {@link #CHAT} with what a retriever found in each question. */
        RETRIEVAL,
        /** {@link #CHAT} in an executable Spring Boot jar: Jlama is in a child class loader. */
        SPRING,
        /** {@link #STREAMING} in that jar. */
        SPRING_STREAMING,
        /** langchain4j in Quarkus, built by the profile of that name; the model is the trained one whatever is asked for. */
        QUARKUS;

        /** Where it is, if it was built. */
        public Path jar() {
            return switch (this) {
                case QUARKUS -> Path.of("quarkus", "target", "quarkus-app", "quarkus-run.jar");
                case SPRING, SPRING_STREAMING -> Path.of("clients", "target", "alisa-clients-boot.jar");
                case PLAIN, CHAT, STREAMING, STREAMING_ALONE, PLAIN_ALONE, TEXT, PLAIN_TEXT, RETRIEVAL ->
                    Path.of("clients", "target", "alisa-clients.jar");
            };
        }

        private String argument() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /**
     * An answer.
     *
     * @param firstTokenMillis from the question to the first piece; the whole answer where the client does not stream
     * @param sessionTokens    tokens in the plugin's session; negative without it
     */
    public record Answer(String text, double firstTokenMillis, long sessionTokens) {
    }

    /**
     * What a process printed.
     *
     * @param plugin whether the plugin was active in the end
     */
    public record Result(List<Answer> answers, boolean plugin, String output) {
        public List<String> texts() {
            return answers.stream().map(Answer::text).toList();
        }

        public List<Long> sessionTokens() {
            return answers.stream().map(Answer::sessionTokens).toList();
        }
    }

    private final Path directory;
    private final Path agent;
    private final List<String> flags = new ArrayList<>();

    /**
     * @param directory for the model and what processes print
     * @param agent     the plugin's jar
     */
    public ClientProcess(Path directory, Path agent) {
        this.directory = directory;
        this.agent = agent;
    }

    /** Links a model to where langchain4j finds it without asking the network. */
    public ClientProcess model(Path model) throws IOException {
        Path links = Files.createDirectories(cache().resolve(NAME.replace('/', '_')));
        try (Stream<Path> files = Files.list(model)) {
            for (Path file : files.toList()) {
                Files.createSymbolicLink(links.resolve(file.getFileName()), file.toAbsolutePath());
            }
        }
        Path finished = links.resolve(".finished");
        if (!Files.exists(finished)) {
            Files.createFile(finished);
        }
        return this;
    }

    public ClientProcess flag(String flag) {
        flags.add(flag);
        return this;
    }

    /** Asks the questions one after the other in one conversation; an empty one begins another. */
    public Result run(Client client, boolean plugin, List<String> questions) throws IOException, InterruptedException {
        String name = client.argument() + (plugin ? "-plugin" : "-host");
        Path asked = Files.write(directory.resolve(name + ".questions"), questions);
        List<String> arguments = new ArrayList<>();
        if (plugin) {
            arguments.add("-javaagent:" + agent);
        }
        arguments.addAll(List.of("--add-modules=jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED", "-Xmx2g",
                "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"));
        arguments.addAll(flags);
        arguments.addAll(List.of("-jar", client.jar().toAbsolutePath().toString(), client.argument(),
                cache().toAbsolutePath().toString(), NAME, asked.toAbsolutePath().toString()));
        return read(arguments, directory.resolve(name + ".output"));
    }

    private Path cache() {
        return directory.resolve("cache");
    }

    private static Result read(List<String> arguments, Path output) throws IOException, InterruptedException {
        String text = HostProcess.run(arguments, Redirect.PIPE, output, MINUTES_TO_WAIT);
        List<Answer> answers = text.lines().filter(line -> line.startsWith("answer: ")).map(ClientProcess::answer)
                .toList();
        return new Result(answers, text.contains("plugin: true"), text);
    }

    private static Answer answer(String line) {
        String[] parts = line.substring("answer: ".length()).split(",", -1);
        return new Answer(new String(Base64.getDecoder().decode(parts[2]), StandardCharsets.UTF_8),
                Long.parseLong(parts[0]) / 1e6, Long.parseLong(parts[1]));
    }
}
