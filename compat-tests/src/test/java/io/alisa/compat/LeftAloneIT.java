package io.alisa.compat;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.List;

import io.alisa.compat.scenario.Fact;
import io.alisa.compat.scenario.Kind;
import io.alisa.compat.scenario.Recording;
import io.alisa.compat.scenario.Scenario;
import io.alisa.compat.scenario.Types;
import io.alisa.compat.tiny.Family;
import io.alisa.compat.tiny.TinyBert;
import io.alisa.compat.tiny.TinyModel;

import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What the plugin is not to touch comes out bit for bit as without it. */
class LeftAloneIT {
    private static Workspace workspace;

    @BeforeAll
    static void open() throws IOException {
        workspace = Workspace.of(LeftAloneIT.class);
    }

    @Test
    void anEncoderIsNotOurs() throws IOException, InterruptedException {
        Scenario scenario = Scenario.of("BERT", Kind.EMBED, TinyBert.write(workspace.models()), Types.F32, 0, 0);
        Recording host = ordered(workspace.unmodified("bert")).run(List.of(scenario)).recording("BERT");
        Recording plugin = ordered(workspace.withPlugin("bert")).run(List.of(scenario)).recording("BERT");
        SameBits.check("BERT", plugin.traces().getFirst(), host.traces().getFirst());
        assertThat(plugin.fact(Fact.PLUGIN_SESSIONS)).isEqualTo("[]");
    }

    @Test
    void disabledMeansUntouched() throws IOException, InterruptedException {
        TinyModel model = TinyModel.of(Family.LLAMA).heads(2, 1, 32).mlp(64).context(512);
        Scenario scenario = Scenario.of("LLAMA", Kind.GREEDY, workspace.model(model), Types.F32, 20, 12);
        Recording host = ordered(workspace.unmodified("disabled")).run(List.of(scenario)).recording("LLAMA");
        Recording plugin = ordered(workspace.withPlugin("disabled")).property("alisa.enabled", "false")
                .run(List.of(scenario)).recording("LLAMA");
        assertThat(plugin.fact(Fact.PLUGIN_ACTIVE)).isEqualTo("false");
        assertThat(plugin.number(Fact.PAGE_FILES)).as("page files").isPositive();
        SameBits.check("disabled", plugin.traces().getFirst(), host.traces().getFirst());
    }

    private static HostProcess ordered(HostProcess process) {
        return process.operations(Operations.PANAMA).orderedSums();
    }
}
