package io.alisa.compat;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.List;

import io.alisa.compat.scenario.BatchesRun;
import io.alisa.compat.scenario.Fact;
import io.alisa.compat.scenario.Kind;
import io.alisa.compat.scenario.Scenario;
import io.alisa.compat.scenario.Trace;
import io.alisa.compat.scenario.Types;
import io.alisa.compat.tiny.Family;
import io.alisa.compat.tiny.TinyModel;
import io.alisa.compat.tiny.WeightType;
import org.junit.jupiter.api.Test;

/**
 * What the exact mode counts on when it takes over decoded tokens: with the Panama operations a token's last bits do not depend
 * on the batch that it comes in, neither in the host's arithmetic nor in ours. (With the native ones they do, and with BF16 as the
 * working type.)
 */
class BatchesIT {
    @Test
    void aTokenSaysTheSameInEveryBatch() throws IOException, InterruptedException {
        Workspace workspace = Workspace.of(BatchesIT.class);
        TinyModel grouped = TinyModel.of(Family.LLAMA).heads(8, 4, 32);
        TinyModel wide = TinyModel.of(Family.LLAMA).heads(16, 8, 64).mlp(1024).layers(1);
        List<Scenario> scenarios = List.of(
                scenario("F32", workspace, grouped, Types.F32),
                scenario("BF16", workspace, grouped.weights(WeightType.BF16), Types.F32_I8),
                scenario("capped scores", workspace, TinyModel.of(Family.GEMMA2).weights(WeightType.BF16),
                        Types.F32_I8),
                scenario("wide, Q4, I8", workspace, wide.weights(WeightType.Q4), Types.F32_I8));
        HostResult result = workspace.withPlugin("batches").operations(Operations.PANAMA).orderedSums().run(scenarios);
        for (Scenario scenario : scenarios) {
            if (HostProcess.pluginAvailable()) {
                assertThat(result.recording(scenario.name()).fact(Fact.PLUGIN_MODE)).as(scenario.name())
                        .startsWith("exact");
            }
            List<Trace> traces = result.recording(scenario.name()).traces();
            assertThat(traces).hasSameSizeAs(BatchesRun.SIZES);
            for (int i = 1; i < traces.size(); i++) {
                SameBits.check("%s, batches of %s".formatted(scenario.name(), BatchesRun.SIZES.get(i)), traces.get(i),
                        traces.getFirst());
            }
        }
    }

    private static Scenario scenario(String name, Workspace workspace, TinyModel model, Types types)
            throws IOException {
        return Scenario.of(name, Kind.BATCHES, workspace.model(model), types, 520, 4);
    }
}
