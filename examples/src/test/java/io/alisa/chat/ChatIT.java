package io.alisa.chat;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The packaged chat in a JVM of its own, with the agent if it is built. */
class ChatIT {
    private static final Path AGENT = Path.of("..", "alisa-plugin", "target", "alisa-plugin.jar");
    private static final Path CHAT = Path.of("target", "alisa-chat.jar");
    private static final String FACT = "Remember this: The gate code of Alice is 4821.";
    private static final String QUESTION = "What is the gate code of Alice?";
    private static final List<String> VECTOR = List.of("--add-modules", "jdk.incubator.vector");

    @TempDir
    private Path scratch = Path.of("");

    @Test
    void answersOnePromptOnTheOutputAlone() throws Exception {
        ChildProcess.Result result = chat(VECTOR, "", "--prompt", FACT);
        assertThat(result.exit()).as(result.err()).isZero();
        assertThat(result.out()).isEqualTo("Noted.\n");
        assertThat(result.err()).contains("of 4,090 tokens").doesNotContain("\tat ");
    }

    @Test
    void linesThroughAPipeAreTurnsOfOneConversation() throws Exception {
        ChildProcess.Result result = chat(VECTOR, FACT + "\n\n" + QUESTION + "\n/stats\n/quit\nnever said\n");
        assertThat(result.exit()).as(result.err()).isZero();
        assertThat(result.out().lines().limit(2)).containsExactly("Noted.",
                "The gate code of Alice is 4821.");
        assertThat(result.out()).contains("56 of 4,090 tokens");
        assertThat(result.err()).doesNotContain("\tat ");
    }

    @Test
    void whatFailedInAPipeShowsInTheExitCode() throws Exception {
        ChildProcess.Result result = chat(VECTOR, "one two three ".repeat(3000) + "\n" + FACT + "\n");
        assertThat(result.exit()).isEqualTo(2);
        assertThat(result.err()).contains("the model's context holds 4,090; shorten it").doesNotContain("\tat ");
        assertThat(result.out()).as("the next turn").isEqualTo("Noted.\n");
    }

    @Test
    void withThePluginItReportsTheKvAndTheHostAgrees() throws Exception {
        ChildProcess.Result result = chat(VECTOR, FACT + "\n" + QUESTION + "\n/stats\n/explain\n/host\n");
        assertThat(result.exit()).as(result.err()).isZero();
        assertThat(result.err()).contains("| KV ").doesNotContain("not active").doesNotContain("\tat ");
        assertThat(result.out()).contains("host's KV", "The gate code of Alice is 4821.",
                "Identical, all 15 tokens.");
    }

    @Test
    void sparseAttentionBeginsANewSessionThatReadsAllAgain() throws Exception {
        ChildProcess.Result result = chat(VECTOR,
                "/sparse on\n" + FACT + "\n/stats\n/sparse off\n" + QUESTION + "\n/stats\n");
        assertThat(result.err()).contains("Sparse attention is on: a new session begins with your next message.\n",
                "Sparse attention is off: a new session begins with your next message and reads the conversation so far"
                        + " again, 27 tokens, so nothing is lost.");
        assertThat(result.out()).containsPattern("mode +sparse(?s:.*)mode +exact").contains("4821")
                .as("the second turn read both").containsPattern("\\R +1 +23 .*\\R +2 +42 ");
    }

    @Test
    void aSavedConversationGoesOnInAnotherProcessWithoutBeingReadAgain() throws Exception {
        String file = scratch.resolve("chat").toString();
        ChildProcess.Result first = chat(VECTOR, FACT + "\n/save " + file + "\n");
        assertThat(first.err()).contains("Saved to " + file + " and " + file + ".kv").doesNotContain("\tat ");
        ChildProcess.Result second = chat(VECTOR, "/load " + file + "\n" + QUESTION + "\n");
        assertThat(second.err()).contains("; nothing is read again.").contains("56 of 4,090 tokens")
                .doesNotContain("\tat ");
        assertThat(second.out()).contains("The gate code of Alice is 4821.");
        Files.write(Path.of(file + ".kv"), new byte[100]);
        ChildProcess.Result third = chat(VECTOR, "/load " + file + "\n" + QUESTION + "\n");
        assertThat(third.err()).contains("they are read again with your next message");
        assertThat(third.out()).contains("The gate code of Alice is 4821.");
    }

    @Test
    void errorsAreOneSentenceAndExitCode2() throws Exception {
        refused(chat(VECTOR, "", "--model", scratch.resolve("none").toString()),
                "There is no model directory");
        refused(chat(VECTOR, "", "--prompt", "one two three ".repeat(3000)),
                "the model's context holds 4,090");
        refused(chat(VECTOR, "", "--nonsense"), "see --help");
        refused(chat(VECTOR, "", "--max-tokens", "0"), "--max-tokens must be at least 1");
        refused(chat(List.of(), "", "--prompt", FACT), "--add-modules jdk.incubator.vector");
    }

    @Test
    void helpAndVersionNeedNoModel() throws Exception {
        assertThat(chat(List.of(), "", "--help").out()).contains("--max-tokens", "--quantize");
        assertThat(chat(List.of(), "", "--version").out()).startsWith("alisa-chat ");
    }

    @Test
    void theScriptFindsAJdkAndPassesOptionsOn() throws Exception {
        Path root = treeWithBuiltJars();
        List<String> command = List.of("bash", root.resolve("examples").resolve("chat").toString(),
                temporary(), "-Dalisa.enabled=false", "--prompt", FACT);
        ChildProcess.Result result = ChildProcess.run(command, Map.of("LC_ALL", "C"), "", scratch);
        assertThat(result.exit()).as(result.err()).isZero();
        assertThat(result.out()).isEqualTo("Noted.\n");
        assertThat(result.err()).doesNotContain("Building").contains("plugin not active");
    }

    /** A JDK that only says what it was given. */
    @Test
    void theScriptsPutMoreOnTheClassPath() throws Exception {
        Path root = treeWithBuiltJars();
        Files.copy(Path.of("web"), root.resolve("examples").resolve("web"));
        Path jdk = Files.createDirectory(scratch.resolve("jdk"));
        Files.writeString(jdk.resolve("release"), "JAVA_VERSION=\"25\"\n");
        Path java = Files.createDirectory(jdk.resolve("bin")).resolve("java");
        Files.writeString(java, "#!/bin/sh\nprintf '%s\\n' \"$@\"\n");
        assertThat(java.toFile().setExecutable(true)).isTrue();
        for (String script : List.of("chat", "web")) {
            String path = root.resolve("examples").resolve(script).toString();
            Map<String, String> alone = Map.of("JAVA_HOME", jdk.toString());
            Map<String, String> more = Map.of("JAVA_HOME", jdk.toString(), "EXAMPLE_CLASSPATH", "a b/*:c.jar");
            assertThat(ChildProcess.run(List.of("bash", path), alone, "", scratch).out().lines())
                    .contains(root.resolve("examples").resolve(CHAT).toString());
            assertThat(ChildProcess.run(List.of("bash", path), more, "", scratch).out().lines())
                    .contains(root.resolve("examples").resolve(CHAT) + ":a b/*:c.jar");
            String panama = "-Djlama.force_panama_tensor_operations=true";
            for (String own : List.of("--prompt=--model", "--prompt=a --model b")) {
                assertThat(ChildProcess.run(List.of("bash", path, own), alone, "", scratch).out().lines())
                        .as("the model that comes with it").contains(panama, own);
            }
            for (List<String> others : List.of(List.of("--model", "m"), List.of("--prompt", "a", "--model=m"))) {
                List<String> words = new ArrayList<>(List.of("bash", path));
                words.addAll(others);
                assertThat(ChildProcess.run(words, alone, "", scratch).out().lines()).doesNotContain(panama)
                        .containsAll(others);
            }
        }
    }

    private ChildProcess.Result chat(List<String> jvm, String input, String... arguments) throws Exception {
        List<String> command = new ArrayList<>(
                List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString()));
        command.add(temporary());
        command.addAll(jvm);
        command.addAll(List.of("-Djlama.force_panama_tensor_operations=true", "-Xmx2g",
                "--sun-misc-unsafe-memory-access=allow"));
        command.add("-javaagent:" + AGENT);
        command.addAll(List.of("-jar", CHAT.toString()));
        command.addAll(List.of(arguments));
        return ChildProcess.run(command, Map.of(), input, scratch);
    }

    /** Where a JVM leaves the host's native library if it is killed. */
    private String temporary() throws IOException {
        return "-Djava.io.tmpdir=" + Files.createDirectories(scratch.resolve("tmp"));
    }

    private static void refused(ChildProcess.Result result, String sentence) {
        assertThat(result.exit()).isEqualTo(2);
        assertThat(result.out()).isEmpty();
        assertThat(result.err().lines()).hasSize(1).first().asString().contains(sentence);
    }

    /** A repository without sources, so that the script has nothing to build. */
    private Path treeWithBuiltJars() throws IOException {
        Path root = Files.createDirectory(scratch.resolve("tree"));
        Path plugin = Files.createDirectories(root.resolve("alisa-plugin").resolve("target"));
        Files.copy(AGENT, plugin.resolve("alisa-plugin.jar"));
        Path kernels = Files.createDirectories(root.resolve("kernels-cuda").resolve("target"));
        Files.createFile(kernels.resolve("alisa-kernels-cuda.jar"));
        Path examples = Files.createDirectory(root.resolve("examples"));
        Files.copy(Path.of("chat"), examples.resolve("chat"));
        copy(Memo.DIRECTORY, examples.resolve(Memo.DIRECTORY));
        copy(CHAT, examples.resolve(CHAT));
        copy(CHAT.resolveSibling("lib"), examples.resolve(CHAT).resolveSibling("lib"));
        return root;
    }

    private static void copy(Path from, Path to) throws IOException {
        try (Stream<Path> files = Files.walk(from)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                Path copy = to.resolve(from.relativize(file).toString()).normalize();
                Files.createDirectories(copy.resolveSibling(".").normalize());
                Files.copy(file, copy);
            }
        }
    }
}
