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
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

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
    private static final String TOLD = "where is my gate code? it is 1, 2 or 3. ".repeat(60);
    private static final String PLAIN = "where is my gate code? it is 1, 2 or 3. ".repeat(9) + "||and then?";
    private static final Map<String, Map<String, String>> MODES = Map.of("exact", Map.of(), "int8",
            Map.of("alisa.kv.type", "int8"), "swa", sparse("swa"), "swa-paper", sparse("swa-paper"), "h2o",
            sparse("h2o"));

    private static Workspace workspace;

    @BeforeAll
    static void open() throws IOException {
        assumeTrue(HostProcess.pluginAvailable(),
                "compat.agent=none: the host plays both roles, there is no plugin to test");
        workspace = Workspace.of(SaveIT.class);
        Files.createDirectories(workspace.resolve("saves"));
    }

    private static Map<String, String> sparse(String policy) {
        return Map.of("alisa.sparse", "true", "alisa.sparse.policy", policy, "alisa.sparse.min-context", "64",
                "alisa.sparse.caching-ratio", "0.4");
    }

    private static HostProcess plugin(String name, Map<String, String> settings) {
        HostProcess process = workspace.withPlugin(name).operations(Operations.PANAMA).property("compat.saves",
                workspace.resolve("saves").toString());
        settings.forEach(process::property);
        return process;
    }

    private static Scenario memo(String name, Kind kind, String text) {
        return Scenario.of(name, kind, Workspace.memo(), Types.F32, 0, 30).text(text);
    }

    private static List<String> replies(Recording... recordings) {
        StringBuilder all = new StringBuilder();
        for (Recording recording : recordings) {
            all.append(recording.fact(Fact.TEXT));
        }
        return List.of(all.toString().replace("][", ", "));
    }

    @ParameterizedTest
    @ValueSource(strings = {"exact", "int8", "swa", "swa-paper", "h2o"})
    void anotherProcessSaysWhatThisOneWouldHaveSaid(String mode) throws IOException, InterruptedException {
        Map<String, String> settings = MODES.getOrDefault(mode, Map.of());
        Recording straight = plugin(mode + "-straight", settings)
                .run(List.of(memo(mode, Kind.CONVERSATION, STORY + "||" + QUESTIONS))).recording(mode);
        Recording saved = plugin(mode + "-save", settings).run(List.of(memo(mode, Kind.SAVE, STORY))).recording(mode);
        Recording restored = plugin(mode + "-restore", Map.of("alisa.memory.fast", "12m"))
                .flag("-XX:ActiveProcessorCount=1").run(List.of(memo(mode, Kind.RESTORE, QUESTIONS))).recording(mode);
        assertThat(replies(saved, restored)).isEqualTo(replies(straight));
        if (!mode.equals("h2o") && !mode.equals("swa-paper")) { // these forget
            assertThat(restored.fact(Fact.TEXT)).contains("4821");
        }
        assertThat(restored.fact(Fact.PLUGIN_MODE)).isEqualTo(straight.fact(Fact.PLUGIN_MODE));
        assertThat(restored.fact(Fact.PLUGIN_SESSIONS)).as("tokens").isEqualTo(straight.fact(Fact.PLUGIN_SESSIONS));
        assertThat(restored.number(Fact.PLUGIN_REUSED)).as("tokens that were not computed again").isGreaterThan(200);
        Path file = workspace.resolve("saves").resolve(mode + ".safetensors");
        assertThat(Files.size(file)).isPositive();
    }

    /** Formats and families: the host's own BF16, learned positions, rounded weights with activations in eight bits. */
    @Test
    void everyKindOfModelGoesOn() throws IOException, InterruptedException {
        TinyModel bf16 = TinyModel.of(Family.LLAMA).heads(8, 4, 32).weights(WeightType.BF16);
        List<Scenario> first = List.of(tiny("bf16", bf16, Types.BF16),
                tiny("gpt2", TinyModel.of(Family.GPT2), Types.F32),
                tiny("gemma2", TinyModel.of(Family.GEMMA2), Types.F32),
                Scenario.of("i8", Kind.SAVE, Workspace.memo(), Types.F32_I8, 0, 30).text(STORY));
        HostResult saved = plugin("kinds-save", Map.of()).run(warmedUp(first));
        List<Scenario> then = first.stream().map(s -> of(Kind.RESTORE, s, s.name().equals("i8") ? QUESTIONS : PLAIN))
                .toList();
        HostResult restored = plugin("kinds-restore", Map.of()).run(warmedUp(then));
        List<Scenario> all = first.stream().map(s -> of(Kind.CONVERSATION, s,
                s.text() + "||" + (s.name().equals("i8") ? QUESTIONS : PLAIN))).toList();
        HostResult straight = plugin("kinds-straight", Map.of()).run(warmedUp(all));
        for (Scenario scenario : first) {
            assertThat(replies(saved.recording(scenario.name()), restored.recording(scenario.name())))
                    .as(scenario.name()).isEqualTo(replies(straight.recording(scenario.name())));
        }
    }

    /** The host's sums have other last bits once its loops are compiled: the first model's are before anything counts. */
    private static List<Scenario> warmedUp(List<Scenario> scenarios) {
        Scenario first = scenarios.getFirst();
        List<Scenario> all = new ArrayList<>();
        all.add(Scenario.of("warm-up", Kind.GREEDY, first.model(), first.types(), 1000, 15));
        all.addAll(scenarios);
        return all;
    }

    private static Scenario tiny(String name, TinyModel model, Types types) throws IOException {
        return Scenario.of(name, Kind.SAVE, workspace.model(model), types, 0, 30).text(PLAIN);
    }

    private static Scenario of(Kind kind, Scenario s, String text) {
        return Scenario.of(s.name(), kind, s.model(), s.types(), s.prompt(), s.decode()).text(text);
    }

    /** No tier has room for all of it: what was deleted is computed again while it is saved. */
    @Test
    void deletedTokensAreSavedToo() throws IOException, InterruptedException {
        TinyModel deep = TinyModel.of(Family.LLAMA).layers(12);
        Map<String, String> ample = Map.of("alisa.kv.type", "int8");
        Map<String, String> tight = Map.of("alisa.kv.type", "int8", "alisa.memory.fast", "5m", "alisa.memory.slow",
                "0");
        Recording straight = plugin("deleted-straight", ample)
                .run(warmedUp(List.of(of(Kind.CONVERSATION, tiny("deep", deep, Types.F32), TOLD + "||" + PLAIN))))
                .recording("deep");
        Recording saved = plugin("deleted-save", tight)
                .run(warmedUp(List.of(of(Kind.SAVE, tiny("deep", deep, Types.F32), TOLD)))).recording("deep");
        assertThat(saved.number(Fact.PLUGIN_DELETED)).as("deleted when it was saved").isPositive();
        Recording restored = plugin("deleted-restore", ample)
                .run(warmedUp(List.of(of(Kind.RESTORE, tiny("deep", deep, Types.F32), PLAIN)))).recording("deep");
        assertThat(replies(saved, restored)).isEqualTo(replies(straight));
        assertThat(restored.number(Fact.PLUGIN_REUSED)).isGreaterThan(200);
    }

    @Test
    void anotherModelIsRefused() throws IOException, InterruptedException {
        plugin("other-save", Map.of()).run(List.of(tiny("other", TinyModel.of(Family.LLAMA), Types.F32)))
                .recording("other");
        Scenario trainedOtherwise = Scenario
                .of("other", Kind.RESTORE, workspace.model(TinyModel.of(Family.LLAMA).seed(2)),
                        Types.F32, 0, 10)
                .text("a");
        Scenario longer = Scenario.of("other", Kind.RESTORE,
                workspace.model(TinyModel.of(Family.LLAMA).context(500)),
                Types.F32, 0, 10).text("a");
        for (Scenario scenario : List.of(trainedOtherwise, longer)) {
            Recording refused = plugin("other-restore", Map.of()).run(List.of(scenario)).recordingOrFailure("other");
            assertThat(refused.fact(Fact.FAILURE)).contains("can't be restored: it is a session of another model");
        }
    }
}
