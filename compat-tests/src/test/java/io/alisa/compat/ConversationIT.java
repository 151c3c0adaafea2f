package io.alisa.compat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
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
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * Conversations of several turns: what is said must be what one prefill of all that was said so far would say. One process of the
 * host alone and one with the plugin, whose settings change from scenario to scenario.
 */
class ConversationIT {
    private static final String SYSTEM = "The gate code of Alice is 4821. The pet of Bob is a raven."
            + " Answer in one short sentence.";
    private static final String TINY_TURNS = "where is my gate code? it is 1, 2 or 3.||and then?||one, two, three, four"
            + " and so on||?||where is it, where was it, where will it be? " + "over and over again, ".repeat(20);
    private static final String TRAINED_TURNS = "<|begin|><|user|>Remember this: The gate code of Alice is 4821."
            + "<|end|><|assistant|>||<|user|>Remember this: The pet of Bob is a raven.<|end|><|assistant|>||"
            + "<|user|>What is the gate code of Alice?<|end|><|assistant|>||"
            + "<|user|>What is the pet of Bob?<|end|><|assistant|>";

    private static final Map<String, String> NOTHING_KEPT = Map.of("alisa.prefix.scope", "off");
    private static final Map<String, String> INT8 = Map.of("alisa.kv.type", "int8");
    private static final Map<String, String> SPARSE = Map.of("alisa.sparse", "true", "alisa.sparse.min-context", "32");
    private static final Map<String, String> SPARSER = Map.of("alisa.sparse", "true", "alisa.sparse.min-context", "16");
    private static final List<String> SCOPES = List.of("model", "session");

    private static Workspace workspace;
    private static HostResult host = new HostResult(Map.of(), "");
    private static HostResult plugin = new HostResult(Map.of(), "");

    @BeforeAll
    static void run() throws IOException, InterruptedException {
        assumeTrue(HostProcess.pluginAvailable(),
                "compat.agent=none: the host plays both roles, there is no plugin to test");
        workspace = Workspace.of(ConversationIT.class);
        List<Scenario> alone = new ArrayList<>();
        alone.addAll(scenarios("whole", Kind.WHOLE_PROMPTS, Map.of()));
        alone.addAll(scenarios("history", Kind.HISTORY, Map.of()));
        alone.add(systems("systems", 1));
        alone.add(many("many", Map.of()).serial());
        host = workspace.unmodified("all").operations(Operations.PANAMA).run(alone);

        List<Scenario> all = new ArrayList<>();
        all.addAll(scenarios("exact", Kind.CONVERSATION, Map.of()));
        all.addAll(scenarios("nothing kept", Kind.CONVERSATION, NOTHING_KEPT));
        all.addAll(scenarios("history", Kind.HISTORY, Map.of()));
        all.addAll(scenarios("int8, whole", Kind.WHOLE_PROMPTS, INT8));
        all.addAll(scenarios("int8", Kind.CONVERSATION, INT8));
        all.add(memo("sparse, whole", Kind.WHOLE_PROMPTS, SPARSE));
        all.add(memo("sparse", Kind.CONVERSATION, SPARSE));
        all.add(system("system", SPARSER));
        all.add(system("system, exact", Map.of()));
        all.add(systems("systems at once", 4));
        for (String scope : SCOPES) {
            all.add(many("many, " + scope, Map.of("alisa.prefix.scope", scope)));
        }
        plugin = workspace.withPlugin("all").operations(Operations.PANAMA).run(all);
    }

    /** Models that begin prompts with a mark and one that does not; replies that end by their length and by a stop token. */
    private static List<Scenario> scenarios(String name, Kind kind, Map<String, String> settings) throws IOException {
        List<Scenario> scenarios = new ArrayList<>();
        for (Family family : List.of(Family.LLAMA, Family.GRANITE, Family.GPT2, Family.GEMMA2)) {
            scenarios
                    .add(Scenario.of(name + " " + family, kind, workspace.model(TinyModel.of(family)), Types.F32, 0, 30)
                            .text(TINY_TURNS).settings(settings));
        }
        scenarios.add(memo(name, kind, settings));
        return scenarios;
    }

    private static Scenario memo(String name, Kind kind, Map<String, String> settings) {
        return Scenario.of(name + " memo", kind, Workspace.memo(), Types.F32_I8, 0, 40).text(TRAINED_TURNS)
                .settings(settings);
    }

    private static Scenario system(String name, Map<String, String> settings) {
        return Scenario.of(name, Kind.SYSTEM_MESSAGE, Workspace.memo(), Types.F32_I8, 0, 20)
                .text(SYSTEM + "||What is the gate code of Alice?").settings(settings);
    }

    private static Scenario systems(String name, int threads) {
        return Scenario.of(name, Kind.SYSTEM_MESSAGES, Workspace.memo(), Types.F32_I8, 0, 30)
                .text("What is the gate code of Alice?||Where does Bob live?||Tell me of the sea.||Who is Tom?")
                .sessions(4, threads);
    }

    /** 64 conversations by 8 threads; the host alone, which can't do two things at once, one after the other. */
    private static Scenario many(String name, Map<String, String> settings) throws IOException {
        return Scenario
                .of(name, Kind.MANY_HISTORIES, workspace.model(TinyModel.of(Family.LLAMA)), Types.F32, 0, 12)
                .sessions(64, 8).settings(settings);
    }

    private static void compare(String name, HostResult expected, String reference, Object... models)
            throws IOException {
        for (Object model : models) {
            Recording said = plugin.recording(name + " " + model);
            Recording whole = expected.recording(reference + " " + model);
            assertThat(said.fact(Fact.TEXT)).as("%s", model).isEqualTo(whole.fact(Fact.TEXT));
            assertThat(said.fact(Fact.GENERATED_TOKENS)).as("%s", model).isEqualTo(whole.fact(Fact.GENERATED_TOKENS));
            assertThat(said.number(Fact.PLUGIN_SESSIONS_LEFT)).as("open sessions of %s", model).isZero();
        }
    }

    private static void compareAll(String name, HostResult expected, String reference) throws IOException {
        compare(name, expected, reference, Family.LLAMA, Family.GRANITE, Family.GPT2, Family.GEMMA2, "memo");
    }

    @Test
    void goingOnSaysWhatOneLongPromptWould() throws IOException {
        compareAll("exact", host, "whole");
        assertThat(plugin.recording("exact LLAMA").number(Fact.PLUGIN_IDS)).as("sessions of one conversation").isOne();
        compareAll("nothing kept", host, "whole");
        assertThat(plugin.recording("nothing kept LLAMA").number(Fact.PLUGIN_IDS)).as("one session a turn")
                .isEqualTo(5);
    }

    @Test
    void roundedSessionsGoOnToo() throws IOException {
        compareAll("int8", plugin, "int8, whole");
        assertThat(plugin.recording("int8 LLAMA").fact(Fact.PLUGIN_MODE)).isEqualTo("dense INT8");
    }

    /** A trained model: sparse attention rounds, but it says the same. */
    @Test
    void sparseSessionsGoOnToo() throws IOException {
        compare("sparse", plugin, "sparse, whole", "memo");
        assertThat(plugin.recording("sparse memo").fact(Fact.TEXT)).contains("4821").contains("raven");
        assertThat(plugin.recording("sparse memo").fact(Fact.PLUGIN_MODE)).startsWith("sparse");
    }

    /** Found in the prompt by its ids: all of it is pinned, and nothing else. */
    @Test
    void systemMessagesArePinned() throws IOException {
        Recording said = plugin.recording("system");
        assertThat(said.number(Fact.PLUGIN_PINNED)).isEqualTo(said.number(Fact.PROMPT_TOKENS)).isGreaterThan(20);
        assertThat(plugin.recording("system, exact").number(Fact.PLUGIN_PINNED)).isZero();
    }

    @Test
    void manyConversationsAtOnceSayWhatTheHostSays() throws IOException {
        for (String scope : SCOPES) {
            Recording said = plugin.recording("many, " + scope);
            assertThat(said.fact(Fact.TEXT)).isEqualTo(host.recording("many").fact(Fact.TEXT));
            assertThat(said.number(Fact.PLUGIN_SESSIONS_LEFT)).isZero();
        }
    }

    /** As langchain4j's streaming model does it: whole conversations under one id, from several threads. */
    @Test
    void threadsUnderOneIdTakeTurns() throws IOException {
        assertThat(plugin.recording("systems at once").fact(Fact.TEXT))
                .isEqualTo(host.recording("systems").fact(Fact.TEXT));
    }

    @Test
    void aHistorySentAgainSaysWhatTheHostSays() throws IOException {
        compareAll("history", host, "history");
        assertThat(plugin.recording("history LLAMA").number(Fact.PLUGIN_REUSED)).as("reused").isPositive();
    }
}
