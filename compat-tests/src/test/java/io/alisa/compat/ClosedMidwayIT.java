package io.alisa.compat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.util.List;

import io.alisa.compat.scenario.Fact;
import io.alisa.compat.scenario.Kind;
import io.alisa.compat.scenario.Recording;
import io.alisa.compat.scenario.Scenario;
import io.alisa.compat.scenario.Types;
import io.alisa.compat.tiny.Family;
import io.alisa.compat.tiny.TinyModel;
import org.junit.jupiter.api.Test;

/** A session that ends in the middle of a step, as when an application shuts down: an exception, and nothing wrong is said. */
class ClosedMidwayIT {
    @Test
    void theRestOfTheStepDoesNotGoOnWithAnEmptySession() throws IOException, InterruptedException {
        assumeTrue(HostProcess.pluginAvailable(), "compat.agent=none: there is no plugin to test");
        Workspace workspace = Workspace.of(ClosedMidwayIT.class);
        Scenario scenario = Scenario.of("closed", Kind.CLOSED_MIDWAY, workspace.model(TinyModel.of(Family.LLAMA)),
                Types.F32, 100, 0);
        Recording recording = workspace.withPlugin("closed").operations(Operations.PANAMA).run(List.of(scenario))
                .recording("closed");
        assertThat(recording.fact(Fact.TEXT)).contains("closed in the middle of a step");
        assertThat(recording.number(Fact.PROMPT_TOKENS)).as("rows of the next prompt").isEqualTo(100);
        assertThat(recording.number(Fact.PLUGIN_SESSIONS_LEFT)).isZero();
    }
}
