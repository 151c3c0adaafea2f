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

/** Applications that call the model's steps themselves. */
class OwnStepsIT {
    /**
     * A session that ends in the middle of a step, as when an application shuts down, is an exception: the rest of the step
     * would go on with an empty session. And a prompt gives all its rows, though another one began alike.
     */
    @Test
    void getWhatTheyAskForOrAnException() throws IOException, InterruptedException {
        assumeTrue(HostProcess.pluginAvailable(), "compat.agent=none: there is no plugin to test");
        Workspace workspace = Workspace.of(OwnStepsIT.class);
        Scenario scenario = Scenario.of("steps", Kind.OWN_STEPS, workspace.model(TinyModel.of(Family.LLAMA)), Types.F32,
                200, 0);
        Recording recording = workspace.withPlugin("steps").operations(Operations.PANAMA).run(List.of(scenario))
                .recording("steps");
        assertThat(recording.fact(Fact.TEXT)).contains("closed in the middle of a step");
        assertThat(recording.fact(Fact.PROMPT_TOKENS)).as("rows").isEqualTo("[200, 200]");
        assertThat(recording.number(Fact.PLUGIN_SESSIONS_LEFT)).isZero();
    }
}
