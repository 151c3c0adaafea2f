package io.alisa.compat;

import static org.assertj.core.api.Assertions.assertThat;

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

import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** {@code generate}, the only call chat clients make: the same text, the same counts, the same reason to stop. */
class GenerateIT {
    private static final List<Fact> THE_SAME = List.of(Fact.TEXT, Fact.STREAMED_TEXT, Fact.PROMPT_TOKENS,
            Fact.GENERATED_TOKENS, Fact.FINISH_REASON);
    private static final String QUESTION = "<|begin|><|user|>Remember this: The pet of Bob is a raven.<|end|>"
            + "<|assistant|>Noted.<|end|><|user|>What is the pet of Bob?<|end|><|assistant|>";

    @TestFactory
    List<DynamicTest> likeTheHost() throws IOException, InterruptedException {
        Workspace workspace = Workspace.of(GenerateIT.class);
        List<Scenario> scenarios = new ArrayList<>();
        for (Family family : Family.values()) {
            scenarios.add(Scenario.of(family + "", Kind.GENERATE, workspace.model(TinyModel.of(family)), Types.F32, 0,
                    220).text("where is my gate code? it is 1, 2 or 3."));
        }
        scenarios.add(Scenario.of("memo", Kind.GENERATE, Workspace.memo(), Types.F32_I8, 0, 200).text(QUESTION));
        HostResult host = workspace.unmodified("generate").operations(Operations.PANAMA).run(scenarios);
        HostResult plugin = workspace.withPlugin("generate").operations(Operations.PANAMA).run(scenarios);
        return scenarios.stream().map(scenario -> DynamicTest.dynamicTest(scenario.name(),
                () -> check(host.recording(scenario.name()), plugin.recording(scenario.name())))).toList();
    }

    private static void check(Recording host, Recording plugin) {
        for (Fact fact : THE_SAME) {
            assertThat(plugin.fact(fact)).as(fact.name()).isEqualTo(host.fact(fact));
        }
        assertThat(host.number(Fact.PAGE_FILES)).as("page files of the host alone").isPositive();
        if (HostProcess.pluginAvailable()) {
            assertThat(plugin.fact(Fact.PLUGIN_ACTIVE)).isEqualTo("true");
            assertThat(plugin.fact(Fact.PLUGIN_SESSIONS)).as("tokens of the last session")
                    .isEqualTo(plugin.fact(Fact.FED));
            assertThat(plugin.number(Fact.PAGE_FILES)).as("page files of the plugin").isZero();
        }
    }
}
