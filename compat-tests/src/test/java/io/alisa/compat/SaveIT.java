package io.alisa.compat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

import io.alisa.compat.scenario.Fact;
import io.alisa.compat.scenario.Kind;
import io.alisa.compat.scenario.Recording;
import io.alisa.compat.scenario.Scenario;
import io.alisa.compat.scenario.Types;
import io.alisa.compat.tiny.Family;
import io.alisa.compat.tiny.TinyModel;
import io.alisa.compat.tiny.WeightType;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/**
 * A conversation that one process saves and another goes on with, by another number of threads, under other caps and under
 * other settings: the text is that of a process that never stopped.
 */
class SaveIT {
    private static final String STORY = "<|begin|><|user|>Remember this: The gate code of Alice is 4821."
            + "<|end|><|assistant|>||<|user|>Remember this: The pet of Bob is a raven. " + "It was late. ".repeat(60)
            + "<|end|><|assistant|>||<|user|>Remember this: The pet of Tom is a dog.<|end|><|assistant|>";
    private static final String QUESTIONS = "<|user|>What is the gate code of Alice?<|end|><|assistant|>||"
            + "<|user|>What is the pet of Bob?<|end|><|assistant|>";
    private static final String TOLD = "where is my gate code? it is 1, 2 or 3. ".repeat(40);
    private static final String PLAIN = "where is my gate code? it is 1, 2 or 3. ".repeat(9) + "||and then?";
    private static final Map<String, String> INT8 = Map.of("alisa.kv.type", "int8");
    /** No tier has room for all of it: what was deleted is computed again while it is saved. */
    private static final Map<String, String> TIGHT = Map.of("alisa.memory.fast", "5m", "alisa.memory.slow", "0");

    private static List<Story> stories = List.of();
    private static Path saves = Path.of("");
    private static HostResult saving = new HostResult(Map.of(), "");
    private static HostResult restoring = new HostResult(Map.of(), "");
    private static HostResult atOnce = new HostResult(Map.of(), "");

    /** What is said, saved, restored by another process, and said then. */
    private record Story(String name, Path model, Types types, String told, String asked, int decode,
            Map<String, String> settings, Map<String, String> savedUnder) {

        static Story memo(String name, Types types, Map<String, String> settings) {
            return new Story(name, Workspace.memo(), types, STORY, QUESTIONS, 30, settings, Map.of());
        }

        static Story plain(String name, Path model, Types types) {
            return new Story(name, model, types, PLAIN, PLAIN, 30, Map.of(), Map.of());
        }

        Scenario straight() {
            return scenario(name + ", straight", Kind.CONVERSATION, told + "||" + asked).settings(settings);
        }

        Scenario save() {
            return scenario(name, Kind.SAVE, told).settings(settings).settings(savedUnder);
        }

        /** Without settings: a session goes on as it was saved. */
        Scenario restore() {
            return scenario(name, Kind.RESTORE, asked);
        }

        private Scenario scenario(String of, Kind kind, String text) {
            return Scenario.of(of, kind, model, types, 0, decode).text(text);
        }
    }

    /** One process that saves, and another, with more threads and less memory, that restores. */
    @BeforeAll
    static void run() throws IOException, InterruptedException {
        assumeTrue(HostProcess.pluginAvailable(),
                "compat.agent=none: the host plays both roles, there is no plugin to test");
        Workspace workspace = Workspace.of(SaveIT.class);
        saves = Files.createDirectories(workspace.resolve("saves"));
        TinyModel llama = TinyModel.of(Family.LLAMA);
        Story deleted = new Story("deleted", workspace.model(llama.layers(12)), Types.F32, TOLD, PLAIN, 4, INT8,
                TIGHT);
        // Formats and families: the host's own BF16, learned positions, activations in eight bits.
        stories = List.of(Story.memo("exact", Types.F32, Map.of()), Story.memo("int8", Types.F32, INT8),
                Story.memo("swa", Types.F32, sparse("swa")), Story.memo("swa-paper", Types.F32, sparse("swa-paper")),
                Story.memo("h2o", Types.F32, sparse("h2o")), Story.memo("i8", Types.F32_I8, Map.of()),
                Story.plain("bf16", workspace.model(llama.heads(8, 4, 32).weights(WeightType.BF16)), Types.BF16),
                Story.plain("gpt2", workspace.model(TinyModel.of(Family.GPT2)), Types.F32),
                Story.plain("gemma2", workspace.model(TinyModel.of(Family.GEMMA2)), Types.F32), deleted);
        Story other = Story.plain("other", workspace.model(llama), Types.F32);
        List<Story> others = List.of(Story.plain("trained otherwise", workspace.model(llama.seed(2)), Types.F32),
                Story.plain("longer", workspace.model(llama.context(500)), Types.F32));

        List<Scenario> first = new ArrayList<>();
        for (Story story : stories) {
            first.add(story.straight());
            first.add(story.save());
        }
        first.add(other.save());
        saving = process(workspace, "saving").run(first);

        List<Scenario> then = new ArrayList<>();
        stories.forEach(story -> then.add(story.restore()));
        for (Story story : others) {
            for (String file : List.of(".safetensors", ".safetensors.length")) {
                Files.copy(saves.resolve(other.name() + file), saves.resolve(story.name() + file));
            }
            then.add(story.restore());
        }
        restoring = process(workspace, "restoring").property("alisa.memory.fast", "12m")
                .flag("-XX:ActiveProcessorCount=3").run(then);
        atOnce = process(workspace, "at-once").run(List.of(stories.get(1).restore()));
    }

    private static Map<String, String> sparse(String policy) {
        return Map.of("alisa.sparse", "true", "alisa.sparse.policy", policy, "alisa.sparse.min-context", "64",
                "alisa.sparse.caching-ratio", "0.4");
    }

    private static HostProcess process(Workspace workspace, String name) {
        return workspace.withPlugin(name).operations(Operations.PANAMA).orderedSums().property("compat.saves",
                saves.toString());
    }

    private static List<String> replies(Recording... recordings) {
        StringBuilder all = new StringBuilder();
        for (Recording recording : recordings) {
            all.append(recording.fact(Fact.TEXT));
        }
        return List.of(all.toString().replace("][", ", "));
    }

    @TestFactory
    List<DynamicTest> anotherProcessSaysWhatThisOneWouldHaveSaid() {
        return stories.stream().map(story -> DynamicTest.dynamicTest(story.name(), () -> check(story))).toList();
    }

    private static void check(Story story) throws IOException {
        Recording straight = saving.recording(story.straight().name());
        Recording restored = restoring.recording(story.name());
        assertThat(replies(saving.recording(story.name()), restored)).isEqualTo(replies(straight));
        assertThat(restored.fact(Fact.PLUGIN_MODE)).isEqualTo(straight.fact(Fact.PLUGIN_MODE));
        assertThat(restored.fact(Fact.PLUGIN_SESSIONS)).as("tokens").isEqualTo(straight.fact(Fact.PLUGIN_SESSIONS));
        assertThat(restored.number(Fact.PLUGIN_REUSED)).as("tokens that were not computed again").isGreaterThan(200);
        assertThat(Files.size(saves.resolve(story.name() + ".safetensors"))).isPositive();
    }

    /** Nothing of the host has run yet that holds the plugin. */
    @Test
    void whatIsRestoredFirstOfAllWaitsForItsUser() throws IOException {
        Recording restored = atOnce.recording("int8");
        assertThat(restored.fact(Fact.TEXT)).isEqualTo(restoring.recording("int8").fact(Fact.TEXT));
        assertThat(restored.number(Fact.PLUGIN_REUSED)).isGreaterThan(200);
    }

    /** All but those whose policy forgets. */
    @Test
    void whatWasToldIsKnown() throws IOException {
        for (String name : List.of("exact", "int8", "swa", "i8")) {
            assertThat(restoring.recording(name).fact(Fact.TEXT)).as(name).contains("4821");
        }
    }

    @Test
    void deletedTokensAreSavedToo() throws IOException {
        assertThat(saving.recording("deleted").number(Fact.PLUGIN_DELETED)).as("deleted when it was saved")
                .isPositive();
    }

    @Test
    void anotherModelIsRefused() throws IOException {
        for (String name : List.of("trained otherwise", "longer")) {
            assertThat(restoring.recordingOrFailure(name).fact(Fact.FAILURE)).as(name)
                    .contains("can't be restored: it is a session of another model");
        }
    }
}
