package io.alisa.compat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The examples answer, with the very flags that the README says switch the plugin on. */
class ExamplesIT {
    private static final Path EXAMPLES = Path.of("..", "examples");
    private static final int MINUTES_TO_WAIT = 5;

    @TempDir
    private Path scratch = Path.of("");

    /** A small program: what starts it, and its arguments for a directory of models and the name of one. */
    enum Example {
        PLAIN_JLAMA("-cp", jar("target", "alisa-chat.jar"), "io.alisa.examples.PlainJlama") {
            @Override
            List<String> arguments(Path models, String model) {
                return List.of(models.resolve(model).toString());
            }

            // The model is its argument: one that is not there is a wrong argument.
            @Override
            String missing(Path models, String model) {
                return "Usage: PlainJlama MODEL, an existing directory ";
            }
        },
        LANGCHAIN4J("-jar", jar("langchain4j", "target", "langchain4j-example.jar")) {
            @Override
            List<String> arguments(Path models, String model) {
                return List.of(models.toString(), "alisa/" + model);
            }
        },
        SPRING_BOOT("-jar", jar("spring-boot", "target", "spring-boot-example.jar")) {
            @Override
            List<String> arguments(Path models, String model) {
                return List.of("--models=" + models, "--model=alisa/" + model);
            }
        };

        @SuppressWarnings("ImmutableEnumChecker") // List.of makes it so
        private final List<String> program;

        Example(String... program) {
            this.program = List.of(program);
        }

        abstract List<String> arguments(Path models, String model);

        /** What it says first where a model is not there: by default langchain4j's name of its directory. */
        String missing(Path models, String model) {
            return "There is no model in " + models.resolve("alisa_" + model) + ", ";
        }
    }

    @ParameterizedTest
    @EnumSource
    void answers(Example example) throws IOException, InterruptedException {
        assumeTrue(HostProcess.pluginAvailable(), "compat.agent=none: there is no plugin to switch on");
        String output = run(example, List.of("-javaagent:" + HostProcess.pluginJar()),
                example.arguments(EXAMPLES.resolve("models"), "memo"));
        assertThat(output.lines()).containsSubsequence("Noted.", "The gate code of Alice is 4821.");
        assertThat(output).contains("ALISA serves Jlama: exact mode");
    }

    @ParameterizedTest
    @EnumSource
    void wrongArgumentsAreAnsweredByOneLine(Example example) throws IOException {
        for (List<String> arguments : List.of(List.<String>of(), example.arguments(scratch.resolve("none"), "memo"))) {
            assertThat(refusal(example, arguments)).singleElement().asString().startsWith("Usage: ")
                    .endsWith("given: " + arguments);
        }
    }

    /** Neither a stack trace nor a question to the network; nor where a checkout without links made a text file of one. */
    @ParameterizedTest
    @EnumSource
    void aModelThatIsNotThereIsAnsweredByOneLine(Example example) throws IOException {
        Path models = Files.createDirectory(scratch.resolve("models"));
        Files.createDirectory(models.resolve("nobody"));
        Files.writeString(models.resolve("alisa_memo"), "memo");
        for (String model : List.of("nobody", "memo")) {
            assertThat(refusal(example, example.arguments(models, model))).singleElement().asString()
                    .startsWith(example.missing(models, model));
        }
    }

    /** What it prints before it ends with exit code 2, but for what its JVM says of the flags it was started with. */
    private List<String> refusal(Example example, List<String> arguments) throws IOException {
        assertThatThrownBy(() -> run(example, List.of(), arguments)).isInstanceOf(HostProcessException.class)
                .hasMessageEndingWith("Exit code 2");
        return Files.readAllLines(scratch.resolve("output")).stream()
                .filter(line -> !line.matches("WARNING: Using incubator modules: .*|(NOTE: )?Picked up .*")).toList();
    }

    private String run(Example example, List<String> flags, List<String> arguments)
            throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of("--add-modules", "jdk.incubator.vector",
                "--enable-native-access=ALL-UNNAMED", "-Dorg.slf4j.simpleLogger.log.io.alisa=info"));
        command.addAll(flags);
        command.addAll(example.program);
        command.addAll(arguments);
        Path questions = Files.writeString(scratch.resolve("questions"),
                "Remember this: The gate code of Alice is 4821.\nWhat is the gate code of Alice?\n");
        return HostProcess.run(command, Redirect.from(questions.toFile()), scratch.resolve("output"), MINUTES_TO_WAIT);
    }

    private static String jar(String... path) {
        Path jar = EXAMPLES;
        for (String part : path) {
            jar = jar.resolve(part);
        }
        return jar.toString();
    }
}
