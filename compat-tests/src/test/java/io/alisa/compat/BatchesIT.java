package io.alisa.compat;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

import io.alisa.compat.scenario.BatchesRun;
import io.alisa.compat.scenario.Kind;
import io.alisa.compat.scenario.Scenario;
import io.alisa.compat.scenario.Trace;
import io.alisa.compat.scenario.Types;
import io.alisa.compat.tiny.Family;
import io.alisa.compat.tiny.TinyModel;
import io.alisa.compat.tiny.WeightType;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class BatchesIT {
    private static Workspace workspace;

    @BeforeAll
    static void open() throws IOException {
        workspace = Workspace.of(BatchesIT.class);
    }

    private static List<Scenario> scenarios(Operations operations) throws IOException {
        List<Scenario> scenarios = new ArrayList<>();
        TinyModel wide = TinyModel.of(Family.LLAMA).heads(16, 8, 64).mlp(1024).layers(1);
        add(scenarios, "wide F32", wide, Types.F32);
        add(scenarios, "wide BF16", wide.weights(WeightType.BF16), Types.F32_I8);
        add(scenarios, "wide Q4 I8", wide.weights(WeightType.Q4), Types.F32_I8);
        add(scenarios, "wide Q4 F32", wide.weights(WeightType.Q4), Types.F32);
        scenarios.add(Scenario.of("memo", Kind.BATCHES, Workspace.memo(), Types.F32_I8, 520, 4));
        TinyModel base = TinyModel.of(Family.LLAMA).heads(8, 4, 32);
        add(scenarios, "F32", base, Types.F32);
        if (operations == Operations.PANAMA) {
            add(scenarios, "BF16 BF16", base.weights(WeightType.BF16), Types.BF16);
        }
        return scenarios;
    }

    private static void add(List<Scenario> to, String name, TinyModel model, Types types) throws IOException {
        to.add(Scenario.of(name, Kind.BATCHES, workspace.model(model), types, 700,
                6));
    }

    @Test
    void measure() throws IOException, InterruptedException {
        for (Operations operations : new Operations[]{Operations.NATIVE, Operations.PANAMA}) {
            for (boolean plugin : new boolean[]{true}) {
                HostProcess process = plugin
                        ? workspace.withPlugin("p" + operations)
                        : workspace.unmodified("h" + operations);
                List<Scenario> scenarios = scenarios(operations);
                HostResult result = process.operations(operations).run(scenarios);
                for (Scenario scenario : scenarios) {
                    List<Trace> traces = result.recording(scenario.name()).traces();
                    StringBuilder line = new StringBuilder();
                    for (int i = 1; i < traces.size(); i++) {
                        int same = 0;
                        for (int s = 0; s < traces.get(0).steps(); s++) {
                            same += Arrays.equals(traces.get(0).logits(s), traces.get(i).logits(s)) ? 1 : 0;
                        }
                        line.append(BatchesRun.SIZES.get(i)).append(": ").append(same).append("/").append(
                                traces.get(0).steps()).append("  ");
                    }
                    System.out.println("BATCHES " + operations + (plugin ? " plugin " : " host ") + scenario.name()
                            + "  " + line);
                }
            }
        }
    }
}
