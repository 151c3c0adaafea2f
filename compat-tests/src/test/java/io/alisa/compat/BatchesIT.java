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

    private static List<Scenario> scenarios() throws IOException {
        List<Scenario> scenarios = new ArrayList<>();
        for (Family family : List.of(Family.LLAMA, Family.GPT2, Family.GEMMA2, Family.MIXTRAL)) {
            boolean grouped = family != Family.GPT2;
            TinyModel base = TinyModel.of(family).heads(8, grouped ? 4 : 8, 32);
            add(scenarios, family + " F32", base, Types.F32);
            add(scenarios, family + " BF16 I8", base.weights(WeightType.BF16), Types.F32_I8);
            add(scenarios, family + " BF16 F32", base.weights(WeightType.BF16), Types.F32);
            add(scenarios, family + " Q4 F32", base, Types.Q4_F32);
            if (grouped) {
                TinyModel q4 = base.heads(8, 4, 64).mlp(512).weights(WeightType.Q4);
                add(scenarios, family + " Q4 I8", q4, Types.F32_I8);
            }
        }
        add(scenarios, "wide F32", TinyModel.of(Family.LLAMA).heads(16, 8, 64).mlp(768).layers(1), Types.F32);
        scenarios.add(Scenario.of("memo", Kind.BATCHES, Workspace.memo(), Types.F32_I8, 700, 6));
        return scenarios;
    }

    private static void add(List<Scenario> to, String name, TinyModel model, Types types) throws IOException {
        to.add(Scenario.of(name, Kind.BATCHES, workspace.model(model), types, 700,
                6));
    }

    @Test
    void measure() throws IOException, InterruptedException {
        for (Operations operations : Operations.values()) {
            for (boolean plugin : new boolean[]{false, true}) {
                HostProcess process = plugin
                        ? workspace.withPlugin("p" + operations)
                        : workspace.unmodified("h" + operations);
                List<Scenario> scenarios = scenarios();
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
