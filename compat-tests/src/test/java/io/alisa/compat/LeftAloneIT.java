package io.alisa.compat;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.List;

import io.alisa.compat.scenario.Fact;
import io.alisa.compat.scenario.Kind;
import io.alisa.compat.scenario.Recording;
import io.alisa.compat.scenario.Scenario;
import io.alisa.compat.scenario.Trace;
import io.alisa.compat.scenario.Types;
import io.alisa.compat.tiny.Family;
import io.alisa.compat.tiny.TinyBert;
import io.alisa.compat.tiny.TinyModel;

import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * What the plugin is not to touch comes out bit for bit as without it. The optimising compiler stays off: its code adds
 * the lanes of a vector in another order, so the host's last bits depend on when it comes round.
 */
class LeftAloneIT {
    private static Workspace workspace;

    @BeforeAll
    static void open() throws IOException {
        workspace = Workspace.of(LeftAloneIT.class);
    }

    @Test
    void anEncoderIsNotOurs() throws IOException, InterruptedException {
        Scenario scenario = Scenario.of("BERT", Kind.EMBED, TinyBert.write(workspace.models()), Types.F32, 0, 0);
        Recording host = unoptimised(workspace.unmodified("bert")).run(List.of(scenario)).recording("BERT");
        Recording plugin = unoptimised(workspace.withPlugin("bert")).run(List.of(scenario)).recording("BERT");
        assertBitIdentical(host, plugin);
        assertThat(plugin.fact(Fact.PLUGIN_SESSIONS)).isEqualTo("[]");
    }

    @Test
    void disabledMeansUntouched() throws IOException, InterruptedException {
        TinyModel model = TinyModel.of(Family.LLAMA).heads(2, 1, 32).mlp(64).context(512);
        Scenario scenario = Scenario.of("LLAMA", Kind.GREEDY, workspace.model(model), Types.F32, 20, 12);
        Recording host = unoptimised(workspace.unmodified("disabled")).run(List.of(scenario)).recording("LLAMA");
        Recording plugin = unoptimised(workspace.withPlugin("disabled")).property("alisa.enabled", "false")
                .run(List.of(scenario)).recording("LLAMA");
        assertThat(plugin.fact(Fact.PLUGIN_ACTIVE)).isEqualTo("false");
        assertThat(plugin.number(Fact.PAGE_FILES)).as("page files").isPositive();
        assertThat(plugin.traces().get(0).tokens()).isEqualTo(host.traces().get(0).tokens());
        assertBitIdentical(host, plugin);
    }

    private static HostProcess unoptimised(HostProcess process) {
        return process.operations(Operations.PANAMA).flag("-XX:TieredStopAtLevel=1");
    }

    private static void assertBitIdentical(Recording host, Recording plugin) {
        Trace expected = host.traces().get(0);
        Trace actual = plugin.traces().get(0);
        assertThat(actual.steps()).isEqualTo(expected.steps()).isPositive();
        for (int step = 0; step < expected.steps(); step++) {
            assertThat(actual.logits(step)).as("step %d", step).isEqualTo(expected.logits(step));
        }
    }
}
