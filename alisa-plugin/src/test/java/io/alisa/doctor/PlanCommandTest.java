package io.alisa.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.stream.Stream;

import io.alisa.config.Configuration;
import io.alisa.schedule.HardwareProfile;
import io.alisa.schedule.ProfileStore;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code plan} from outside: what it prints and its exit code. */
class PlanCommandTest {
    private static final String LLAMA_1B = """
            {"num_hidden_layers": 16, "num_attention_heads": 32, "num_key_value_heads": 8, "hidden_size": 2048,
             "head_dim": 64, "intermediate_size": 8192, "vocab_size": 128256, "max_position_embeddings": 131072}
            """;

    @TempDir
    Path directory;

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();
    private final Properties properties = new Properties();

    @BeforeEach
    void writeModel() throws IOException {
        Files.writeString(directory.resolve("config.json"), LLAMA_1B);
    }

    private int plan(String words) {
        out.reset();
        err.reset();
        List<String> all = words.isEmpty() ? List.of() : Arrays.asList(words.split(" "));
        return Main.plan(all, Configuration.of(properties, Map.of()), store(),
                new PrintStream(out, true, StandardCharsets.UTF_8), new PrintStream(err, true, StandardCharsets.UTF_8));
    }

    private ProfileStore store() {
        return new ProfileStore(directory.resolve("cache/profile.properties"), "this machine");
    }

    private String planned(String words) {
        assertThat(plan("--model " + directory + " " + words)).as(words).isZero();
        assertThat(err.size()).isZero();
        return out.toString(StandardCharsets.UTF_8);
    }

    @Test
    void printsThePlanThePhasesAndTheReasons() {
        String text = planned("--context 32768 --prompt 8000 --fast 256m --slow 2g --sparse 0.2");
        assertThat(text).contains("16 layers, 32 heads, 8 KV heads of 64, 2048 wide, 1236 million parameters",
                "32768 tokens, of which 8000 are the prompt", "fast 256.0 MiB, slow 2.0 GiB",
                "sparse swa 20 % INT8, 16.3 KiB a token",
                "the host's F32: 64.0 KiB), digests", "phase III  no step",
                "Bytes of KV by tier", "# fast   o slow", "Predicted time per token",
                "- Keeping each layer's input to project keys and values from is refused: the input takes 128.0 KiB");
        assertThat(text).containsPattern("phase I +\\d+ steps").containsPattern("phase II +\\d+ steps");
    }

    @Test
    void saysWhereTheCostsAreFrom() throws IOException {
        assertThat(planned("--context 1000")).contains("assumed, not measured: there is no profile of this machine;"
                + " measure this machine with: java -jar alisa-plugin.jar profile");
        store().save(HardwareProfile.described("this machine", 1e10, 1e10, 1e9));
        assertThat(planned("--context 1000")).contains("measured, from '").doesNotContain("assumed");
    }

    @Test
    void chartsFitEightyColumns() {
        for (String words : List.of("--context 70000 --fast 300m --slow 900m --sparse 0.1", "--context 100",
                "--context 30000 --fast 200m --slow 400m --dense")) {
            Stream<String> drawn = planned(words).lines()
                    .filter(line -> line.contains(" |") || line.contains(" +-"));
            assertThat(drawn).as(words).isNotEmpty().allMatch(line -> line.length() <= 80);
        }
    }

    /** A plan's own heap is hardly the application's. */
    @Test
    void saysBesideWhichHeapTheFastTierIsChosen() {
        assertThat(planned("--context 2000 --slow 1g")).containsPattern(
                "fast [0-9.]+ [KMGT]iB \\(auto, beside a heap of up to [0-9.]+ [KMGT]iB\\), slow ");
        assertThat(planned("--context 2000 --fast AUTO --slow Auto")).as("words may be in any case")
                .contains(" (auto, beside a heap");
        assertThat(planned("--context 2000 --fast 300m --slow 1g")).doesNotContain("auto, beside");
    }

    @Test
    void theConfigurationIsTheDefault() {
        properties.setProperty("alisa.sparse", "true");
        properties.setProperty("alisa.sparse.caching-ratio", "0.3");
        properties.setProperty("alisa.memory.fast", "123m");
        properties.setProperty("alisa.memory.slow", "456m");
        assertThat(planned("--context 2000")).contains("sparse swa 30 % INT8", "fast 123.0 MiB, slow 456.0 MiB");
        assertThat(planned("--context 2000 --dense --fast 5g")).contains("dense INT8, ", "fast 5.0 GiB")
                .doesNotContain("digests");
    }

    @Test
    void aSessionThatKeepsFloatsStaysInRamOrEnds() {
        assertThat(planned("--context 2000 --fast 200m --slow 1g")).contains("exact F32, 64.0 KiB a token",
                "fast 200.0 MiB, slow 0 B", "- Nothing is offloaded", "has no slow tier and deletes nothing");
        assertThat(plan("--model " + directory + " --context 32768 --fast 512m --slow 8g")).isEqualTo(1);
        assertThat(out.toString(StandardCharsets.UTF_8)).contains("does not fit: at most 8192 do; raise the cap of the"
                + " fast tier.", "plan that with --sparse 0.2 or --dense").doesNotContain("Replaying", "Offloading");
        properties.setProperty("alisa.kv.type", "host");
        assertThat(planned("--context 2000 --fast 200m --sparse 0.2")).contains("sparse swa 20 % F32, 64.0 KiB");
    }

    @Test
    void aPolicyWithoutDigestsHoldsNone() {
        properties.setProperty("alisa.sparse.policy", "local");
        assertThat(planned("--context 2000 --sparse 0.2")).contains("sparse local 20 % INT8").doesNotContain("digests");
    }

    @Test
    void aContextThatDoesNotFitIsExitCodeOne() {
        properties.setProperty("alisa.recompute", "off");
        assertThat(plan("--model " + directory + " --context 30000 --fast 100m --slow 0 --dense")).isEqualTo(1);
        assertThat(out.toString(StandardCharsets.UTF_8)).contains("does not fit: at most ",
                "recomputation is switched off", "raise the cap");
    }

    @Test
    void olderArchitecturesNamesAreKnown() throws IOException {
        Files.writeString(directory.resolve("config.json"),
                "{\"n_layer\": 12, \"n_head\": 12, \"n_embd\": 768, \"vocab_size\": 50257, \"n_positions\": 1024}");
        assertThat(planned("--context 2000")).contains("12 layers, 12 heads, 12 KV heads of 64, 768 wide, 124 million",
                "more than the model's 1024");
    }

    @Test
    void aSmallShareIsNotNothing() {
        assertThat(planned("--context 2000 --sparse 0.0001")).contains("sparse swa 0.01 % INT8");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "--context 100", "--model x", "--model x --context", "--model x --context many",
            "--model x --context 0", "--model x --context 100 --prompt 100", "--model x --context 9 --fast 3q",
            "--model x --context 9 --sparse 2", "--model x --context 9 --sparse 0",
            "--model x --context 9 --sparse 0.2 --dense", "--model x --context 9 --context 8", "x",
            "--model --context 9", "--model x --context 99999999999"})
    void wrongWordsAreAnsweredByASentenceAndTheUsage(String words) {
        assertThat(plan(words)).isEqualTo(2);
        assertThat(err.toString(StandardCharsets.UTF_8).lines()).hasSize(2)
                .last().asString().startsWith("usage: java -jar alisa-plugin.jar plan");
        assertThat(out.size()).isZero();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "[]", "{", "{\"num_hidden_layers\": 4}", "{\"num_hidden_layers\": \"many\"}",
            "{\"num_hidden_layers\": 1.5}", "{\"num_hidden_layers\": -1}", "{\"num_hidden_layers\": 4,"
                    + "\"num_attention_heads\": 8, \"hidden_size\": 64, \"vocab_size\": 9, \"num_key_value_heads\": 3}",
            "{\"num_hidden_layers\": 1000000000, \"num_attention_heads\": 1000000000, \"hidden_size\": 1000000000,"
                    + "\"vocab_size\": 1000000000, \"head_dim\": 1000000000}",
            "{\"num_hidden_layers\": 1000000, \"num_attention_heads\": 100000, \"hidden_size\": 1,"
                    + "\"vocab_size\": 9, \"head_dim\": 100000}",
            "{\"n_layer\": 1000, \"n_head\": 1, \"n_embd\": 1000000000, \"vocab_size\": 9}"})
    void brokenConfigurationsAreASentence(String config) throws IOException {
        Files.writeString(directory.resolve("config.json"), config);
        assertThat(plan("--model " + directory + " --context 100")).isEqualTo(1);
        assertThat(err.toString(StandardCharsets.UTF_8).lines()).singleElement().asString()
                .contains("config.json' can't be used: ", "; give the directory of a model");
    }

    @Test
    void aSlowTierThatCannotBeLookedAtIsASentence() {
        for (String slowTier : List.of("\0", directory + "/none")) {
            properties.setProperty("alisa.memory.slow-dir", slowTier);
            assertThat(plan("--model " + directory + " --context 100 --dense")).isEqualTo(1);
            assertThat(err.toString(StandardCharsets.UTF_8).lines()).singleElement().asString()
                    .containsPattern("can't be looked at \\(java.nio.file.(InvalidPath|NoSuchFile)Exception: ")
                    .contains("set alisa.memory.slow-dir to another, or give --slow");
        }
    }

    @Test
    void missingAndBinaryConfigurationsAreASentence() throws IOException {
        Files.write(directory.resolve("config.json"), new byte[]{(byte) 0xC3, (byte) 0x28, 0});
        assertThat(plan("--model " + directory + " --context 100")).isEqualTo(1);
        assertThat(err.toString(StandardCharsets.UTF_8)).contains("it is not UTF-8");
        assertThat(plan("--model " + directory.resolve("none") + " --context 100")).isEqualTo(1);
        assertThat(err.toString(StandardCharsets.UTF_8)).contains("There is no config.json in");
    }
}
