package io.alisa.compat;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The examples answer, with the very flags that the README says switch the plugin on. */
class ExamplesIT {
    private static final Path EXAMPLES = Path.of("..", "examples");
    private static final String MODELS = EXAMPLES.resolve("models").toString();

    @TempDir
    private Path scratch = Path.of("");

    static Stream<Arguments> examples() {
        return Stream.of(
                Arguments.of("plain Jlama", List.of("-cp", jar("target", "alisa-chat.jar"),
                        "io.alisa.examples.PlainJlama", EXAMPLES.resolve("models").resolve("memo").toString())),
                Arguments.of("langchain4j", List.of("-jar",
                        jar("langchain4j", "target", "langchain4j-example.jar"), MODELS, "alisa/memo")),
                Arguments.of("Spring Boot", List.of("-jar",
                        jar("spring-boot", "target", "spring-boot-example.jar"), "--models=" + MODELS,
                        "--model=alisa/memo")));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("examples")
    void answers(String name, List<String> arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(
                List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "--add-modules", "jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED",
                        "-javaagent:" + HostProcess.pluginJar(), "-Dorg.slf4j.simpleLogger.log.io.alisa=info"));
        command.addAll(arguments);
        Path questions = Files.writeString(scratch.resolve("questions"),
                "Remember this: The gate code of Alice is 4821.\nWhat is the gate code of Alice?\n");
        Process process = new ProcessBuilder(command).redirectInput(questions.toFile()).redirectErrorStream(true)
                .start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(name + "\n" + output).isZero();
        assertThat(output.lines()).containsSubsequence("Noted.", "The gate code of Alice is 4821.");
        assertThat(output).contains("ALISA serves Jlama: exact mode");
    }

    private static String jar(String... path) {
        Path jar = EXAMPLES;
        for (String part : path) {
            jar = jar.resolve(part);
        }
        return jar.toString();
    }
}
