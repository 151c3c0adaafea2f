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
import io.alisa.compat.scenario.Trace;
import io.alisa.compat.scenario.Types;
import io.alisa.compat.tiny.Family;
import io.alisa.compat.tiny.TinyModel;
import io.alisa.compat.tiny.WeightType;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** A session that took over what others computed, against one prefill of everything: the logits of every token it says. */
class ReuseIT {
    private static final String TURNS = "where is my gate code? it is 1, 2 or 3. ".repeat(14) + "||and then?||"
            + "where is it, where was it, where will it be? ".repeat(5) + "||?";
    private static final String FACTS = "<|user|>Remember this: The gate code of Alice is 4821.<|end|><|assistant|>||"
            + "<|end|><|user|>Remember this: The pet of Bob is a raven. " + "It was late. ".repeat(90)
            + "<|end|><|assistant|>||<|end|><|user|>What is the gate code of Alice?<|end|><|assistant|>";

    private static Workspace workspace;

    @BeforeAll
    static void open() throws IOException {
        assumeTrue(HostProcess.pluginAvailable(), "compat.agent=none: nothing is taken over without the plugin");
        workspace = Workspace.of(ReuseIT.class);
    }

    private static Scenario memo() {
        return Scenario.of("memo", Kind.REUSED, Workspace.memo(), Types.F32_I8, 0, 20).text(FACTS);
    }

    private static List<Scenario> scenarios() throws IOException {
        List<Scenario> scenarios = new ArrayList<>(List.of(memo()));
        TinyModel llama = TinyModel.of(Family.LLAMA).heads(8, 4, 32);
        scenarios.add(tiny("Q4", llama.heads(8, 4, 64).mlp(512).weights(WeightType.Q4), Types.F32_I8));
        scenarios.add(tiny("F32", llama, Types.F32));
        scenarios.add(tiny("working type BF16", llama.weights(WeightType.BF16), Types.BF16));
        return scenarios;
    }

    private static Scenario tiny(String name, TinyModel model, Types types) throws IOException {
        return Scenario.of(name, Kind.REUSED, workspace.model(model), types, 0, 20).text(TURNS);
    }

    /** To the token where batches do not matter; whole batches of the host of F32 weights and BF16 states. */
    @Test
    void exactLogitsAreThoseOfAPrefill() throws IOException, InterruptedException {
        HostResult result = workspace.withPlugin("exact").operations(Operations.PANAMA).run(scenarios());
        for (Scenario scenario : scenarios()) {
            Recording recording = result.recording(scenario.name());
            assertThat(recording.fact(Fact.PLUGIN_MODE)).startsWith("exact");
            assertThat(recording.number(Fact.PLUGIN_REUSED)).as("tokens taken over, %s", scenario.name()).isPositive();
            assertThat(recording.number(Fact.PLUGIN_REUSED) % 64 == 0).as("in whole blocks, %s", scenario.name())
                    .isEqualTo(scenario.name().equals("F32") || scenario.types().equals(Types.BF16));
            Trace reused = recording.traces().get(0);
            Trace whole = recording.traces().get(1);
            assertThat(reused.steps()).isEqualTo(whole.steps()).isGreaterThan(20);
            for (int step = 0; step < whole.steps(); step++) {
                assertThat(reused.logits(step)).as("%s, token %s", scenario.name(), step)
                        .isEqualTo(whole.logits(step));
            }
        }
    }

    @Test
    void nativeLogitsAreThoseOfAPrefillToo() throws IOException, InterruptedException {
        Recording recording = workspace.withPlugin("native").operations(Operations.NATIVE).run(List.of(memo()))
                .recording("memo");
        assertThat(recording.number(Fact.PLUGIN_REUSED)).isPositive();
        for (int step = 0; step < recording.traces().get(1).steps(); step++) {
            assertThat(recording.traces().get(0).logits(step)).as("token %s", step)
                    .isEqualTo(recording.traces().get(1).logits(step));
        }
    }

    @Test
    void roundedLogitsAreCloseToThoseOfAPrefill() throws IOException, InterruptedException {
        Recording int8 = workspace.withPlugin("int8").operations(Operations.PANAMA)
                .property("alisa.kv.type", "int8").run(List.of(memo())).recording("memo");
        assertThat(int8.fact(Fact.PLUGIN_MODE)).isEqualTo("dense INT8");
        Recording sparse = workspace.withPlugin("sparse").operations(Operations.PANAMA)
                .property("alisa.sparse", "true").property("alisa.sparse.min-context", "64").run(List.of(memo()))
                .recording("memo");
        assertThat(sparse.fact(Fact.PLUGIN_MODE)).startsWith("sparse swa");
        for (Recording recording : List.of(int8, sparse)) {
            assertThat(recording.number(Fact.PLUGIN_REUSED)).isPositive();
            Trace reused = recording.traces().get(0);
            Trace whole = recording.traces().get(1);
            for (int step = 0; step < whole.steps(); step++) {
                assertThat(nmse(reused.logits(step), whole.logits(step)))
                        .as("%s, token %s", recording.fact(Fact.PLUGIN_MODE), step).isLessThan(CLOSE);
                assertThat(reused.token(step)).isEqualTo(whole.token(step));
            }
        }
    }

    /** What eight bits cost is a thousand times that, see docs/quality: a reused token may be rounded to its neighbour. */
    private static final double CLOSE = 1e-3;

    private static double nmse(float[] actual, float[] expected) {
        double error = 0;
        double length = 0;
        for (int i = 0; i < expected.length; i++) {
            error += (actual[i] - expected[i]) * (actual[i] - expected[i]);
            length += expected[i] * expected[i];
        }
        return error / length;
    }

    /** A policy that attends the newest tokens only can't know what was said at first, unless that is pinned. */
    @Test
    void pinnedTokensAreAttendedWhateverThePolicy() throws IOException, InterruptedException {
        String turns = "<|begin|><|user|>Remember this: The gate code of Alice is 4821.<|end|><|assistant|>||"
                + "<|user|>Remember this: The pet of Bob is a raven. " + "It was late. ".repeat(90)
                + "<|end|><|assistant|>||<|user|>What is the gate code of Alice?<|end|><|assistant|>";
        Recording forgets = local("forgets", Kind.CONVERSATION, turns);
        Recording pinned = local("pinned", Kind.PINNED, turns);
        assertThat(forgets.fact(Fact.TEXT)).doesNotContain("4821");
        assertThat(forgets.number(Fact.PLUGIN_PINNED)).isZero();
        assertThat(pinned.fact(Fact.TEXT)).contains("4821");
        assertThat(pinned.number(Fact.PLUGIN_PINNED)).isGreaterThan(20);
    }

    private static Recording local(String name, Kind kind, String turns) throws IOException, InterruptedException {
        return workspace.withPlugin(name).operations(Operations.PANAMA).property("alisa.sparse", "true")
                .property("alisa.sparse.policy", "local").property("alisa.sparse.min-context", "32")
                .property("alisa.sparse.caching-ratio", "0.1")
                .run(List.of(Scenario.of("memo", kind, Workspace.memo(), Types.F32_I8, 0, 30).text(turns)))
                .recording("memo");
    }
}
