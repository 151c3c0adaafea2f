package io.alisa.compat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

import io.alisa.compat.scenario.Fact;
import io.alisa.compat.scenario.Kind;
import io.alisa.compat.scenario.Recording;
import io.alisa.compat.scenario.Scenario;
import io.alisa.compat.scenario.Types;
import io.alisa.compat.tiny.Family;
import io.alisa.compat.tiny.TinyModel;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Conversations of several turns: what is said must be what one prefill of all that was said so far would say. */
class ConversationIT {
    private static final String TINY_TURNS = "where is my gate code? it is 1, 2 or 3.||and then?||one, two, three, four"
            + " and so on||?||where is it, where was it, where will it be? " + "over and over again, ".repeat(20);
    private static final String TRAINED_TURNS = "<|begin|><|user|>Remember this: The gate code of Alice is 4821."
            + "<|end|><|assistant|>||<|user|>Remember this: The pet of Bob is a raven.<|end|><|assistant|>||"
            + "<|user|>What is the gate code of Alice?<|end|><|assistant|>||"
            + "<|user|>What is the pet of Bob?<|end|><|assistant|>";

    private static Workspace workspace;

    @BeforeAll
    static void open() throws IOException {
        assumeTrue(HostProcess.pluginAvailable(),
                "compat.agent=none: the host plays both roles, there is no plugin to test");
        workspace = Workspace.of(ConversationIT.class);
    }

    /** Models that begin prompts with a mark and one that does not; replies that end by their length and by a stop token. */
    private static List<Scenario> scenarios(Kind kind) throws IOException {
        List<Scenario> scenarios = new ArrayList<>();
        for (Family family : List.of(Family.LLAMA, Family.GRANITE, Family.GPT2, Family.GEMMA2)) {
            scenarios.add(Scenario.of(family + "", kind, workspace.model(TinyModel.of(family)), Types.F32, 0, 30)
                    .text(TINY_TURNS));
        }
        scenarios.add(Scenario.of("memo", kind, Workspace.memo(), Types.F32_I8, 0, 40).text(TRAINED_TURNS));
        return scenarios;
    }

    private static HostProcess plugin(String name) {
        return workspace.withPlugin(name).operations(Operations.PANAMA);
    }

    private static void compare(List<Scenario> scenarios, HostResult expected, HostResult actual) throws IOException {
        for (Scenario scenario : scenarios) {
            Recording said = actual.recording(scenario.name());
            assertThat(said.fact(Fact.TEXT)).as(scenario.name())
                    .isEqualTo(expected.recording(scenario.name()).fact(Fact.TEXT));
            assertThat(said.fact(Fact.GENERATED_TOKENS)).as(scenario.name())
                    .isEqualTo(expected.recording(scenario.name()).fact(Fact.GENERATED_TOKENS));
            assertThat(said.number(Fact.PLUGIN_SESSIONS_LEFT)).as("open sessions of %s", scenario.name()).isZero();
        }
    }

    @Test
    void goingOnSaysWhatOneLongPromptWould() throws IOException, InterruptedException {
        HostResult host = workspace.unmodified("whole").operations(Operations.PANAMA)
                .run(scenarios(Kind.WHOLE_PROMPTS));
        HostResult kept = plugin("exact").run(scenarios(Kind.CONVERSATION));
        compare(scenarios(Kind.CONVERSATION), host, kept);
        assertThat(kept.recording("LLAMA").number(Fact.PLUGIN_IDS)).as("sessions of one conversation").isOne();
        HostResult off = plugin("nothing-kept").property("alisa.prefix.scope", "off")
                .run(scenarios(Kind.CONVERSATION));
        compare(scenarios(Kind.CONVERSATION), host, off);
        assertThat(off.recording("LLAMA").number(Fact.PLUGIN_IDS)).as("one session a turn").isEqualTo(5);
    }

    @Test
    void roundedSessionsGoOnToo() throws IOException, InterruptedException {
        HostResult whole = plugin("int8-whole").property("alisa.kv.type", "int8").run(scenarios(Kind.WHOLE_PROMPTS));
        compare(scenarios(Kind.CONVERSATION), whole,
                plugin("int8").property("alisa.kv.type", "int8").run(scenarios(Kind.CONVERSATION)));
    }

    /** A trained model: sparse attention rounds, but it says the same. */
    @Test
    void sparseSessionsGoOnToo() throws IOException, InterruptedException {
        List<Scenario> memo = List.of(Scenario.of("memo", Kind.CONVERSATION, Workspace.memo(), Types.F32_I8, 0, 40)
                .text(TRAINED_TURNS));
        List<Scenario> whole = List.of(Scenario.of("memo", Kind.WHOLE_PROMPTS, Workspace.memo(), Types.F32_I8, 0, 40)
                .text(TRAINED_TURNS));
        HostResult expected = plugin("sparse-whole").property("alisa.sparse", "true")
                .property("alisa.sparse.min-context", "32").run(whole);
        HostResult actual = plugin("sparse").property("alisa.sparse", "true")
                .property("alisa.sparse.min-context", "32").run(memo);
        compare(memo, expected, actual);
        assertThat(actual.recording("memo").fact(Fact.TEXT)).contains("4821").contains("raven");
    }

    /** 64 conversations by 8 threads; the host alone, which can't do two things at once, one after the other. */
    @Test
    void manyConversationsAtOnceSayWhatTheHostSays() throws IOException, InterruptedException {
        List<Scenario> many = List.of(
                Scenario.of("LLAMA", Kind.MANY_HISTORIES, workspace.model(TinyModel.of(Family.LLAMA)), Types.F32, 0, 12)
                        .sessions(64, 8));
        HostResult host = workspace.unmodified("many").operations(Operations.PANAMA)
                .run(many.stream().map(Scenario::serial).toList());
        for (String scope : List.of("model", "session")) {
            Recording said = plugin("many-" + scope).property("alisa.prefix.scope", scope).run(many).recording("LLAMA");
            assertThat(said.fact(Fact.TEXT)).isEqualTo(host.recording("LLAMA").fact(Fact.TEXT));
            assertThat(said.number(Fact.PLUGIN_SESSIONS_LEFT)).isZero();
        }
    }

    @Test
    void aHistorySentAgainSaysWhatTheHostSays() throws IOException, InterruptedException {
        List<Scenario> scenarios = scenarios(Kind.HISTORY);
        HostResult host = workspace.unmodified("history").operations(Operations.PANAMA).run(scenarios);
        HostResult plugin = plugin("history").run(scenarios);
        compare(scenarios, host, plugin);
        assertThat(plugin.recording("LLAMA").number(Fact.PLUGIN_REUSED)).as("reused").isPositive();
    }
}
