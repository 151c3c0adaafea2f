package io.alisa.compat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

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
    private static final String TURNS = "where is my gate code? it is 1, 2 or 3. ".repeat(8) + "||and then?||"
            + "where is it, where was it, where will it be? ".repeat(5) + "||?";
    private static final String FACTS = "<|user|>Remember this: The gate code of Alice is 4821.<|end|><|assistant|>||"
            + "<|end|><|user|>Remember this: The pet of Bob is a raven. " + "It was late. ".repeat(75)
            + "<|end|><|assistant|>||<|end|><|user|>What is the gate code of Alice?<|end|><|assistant|>";

    private static final String MEMO = "memo";
    private static final String INT8 = "int8";
    private static final String SPARSE = "sparse";
    private static final String FORGETS = "forgets";
    private static final String PINNED = "pinned";

    private static Workspace workspace;
    private static HostResult result = new HostResult(Map.of(), "");

    /** In one process: the settings are what they are when a session opens. */
    @BeforeAll
    static void run() throws IOException, InterruptedException {
        assumeTrue(HostProcess.pluginAvailable(), "compat.agent=none: nothing is taken over without the plugin");
        workspace = Workspace.of(ReuseIT.class);
        List<Scenario> all = new ArrayList<>(scenarios());
        all.add(memo(INT8).settings(Map.of("alisa.kv.type", "int8")));
        all.add(memo(SPARSE).settings(Map.of("alisa.sparse", "true", "alisa.sparse.min-context", "64")));
        all.add(local(FORGETS, Kind.CONVERSATION));
        all.add(local(PINNED, Kind.PINNED));
        result = workspace.withPlugin("all").operations(Operations.PANAMA).orderedSums().run(all);
    }

    private static Scenario memo(String name) {
        return Scenario.of(name, Kind.REUSED, Workspace.memo(), Types.F32_I8, 0, 20).text(FACTS);
    }

    private static List<Scenario> scenarios() throws IOException {
        List<Scenario> scenarios = new ArrayList<>(List.of(memo(MEMO)));
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
    void exactLogitsAreThoseOfAPrefill() throws IOException {
        for (Scenario scenario : scenarios()) {
            Recording recording = result.recording(scenario.name());
            assertThat(recording.fact(Fact.PLUGIN_MODE)).startsWith("exact");
            assertThat(recording.number(Fact.PLUGIN_REUSED)).as("tokens taken over, %s", scenario.name()).isPositive();
            assertThat(recording.number(Fact.PLUGIN_REUSED) % 64 == 0).as("in whole blocks, %s", scenario.name())
                    .isEqualTo(scenario.name().equals("F32") || scenario.types().equals(Types.BF16));
            assertTheSame(scenario.name(), recording);
        }
    }

    private static void assertTheSame(String name, Recording recording) throws IOException {
        Trace reused = recording.traces().get(0);
        Trace whole = recording.traces().get(1);
        assertThat(whole.steps()).as(name).isGreaterThan(20);
        SameBits.check(name, reused, whole);
    }

    @Test
    @OnNativeOperations
    void nativeLogitsAreThoseOfAPrefillToo() throws IOException, InterruptedException {
        Recording recording = workspace.withPlugin("native").operations(Operations.NATIVE).orderedSums()
                .run(List.of(memo(MEMO)))
                .recording(MEMO);
        assertThat(recording.number(Fact.PLUGIN_REUSED)).isPositive();
        assertTheSame("native", recording);
    }

    @Test
    void roundedLogitsAreCloseToThoseOfAPrefill() throws IOException {
        Recording int8 = result.recording(INT8);
        assertThat(int8.fact(Fact.PLUGIN_MODE)).isEqualTo("dense INT8");
        Recording sparse = result.recording(SPARSE);
        assertThat(sparse.fact(Fact.PLUGIN_MODE)).startsWith("sparse swa");
        for (Recording recording : List.of(int8, sparse)) {
            assertThat(recording.number(Fact.PLUGIN_REUSED)).isPositive();
            Trace reused = recording.traces().get(0);
            Trace whole = recording.traces().get(1);
            assertThat(reused.steps()).isEqualTo(whole.steps()).isGreaterThan(20);
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
    void pinnedTokensAreAttendedWhateverThePolicy() throws IOException {
        Recording forgets = result.recording(FORGETS);
        Recording pinned = result.recording(PINNED);
        assertThat(forgets.fact(Fact.TEXT)).doesNotContain("4821");
        assertThat(forgets.number(Fact.PLUGIN_PINNED)).isZero();
        assertThat(pinned.fact(Fact.TEXT)).contains("4821");
        assertThat(pinned.number(Fact.PLUGIN_PINNED)).isGreaterThan(20);
    }

    private static Scenario local(String name, Kind kind) {
        String turns = "<|begin|><|user|>Remember this: The gate code of Alice is 4821.<|end|><|assistant|>||"
                + "<|user|>Remember this: The pet of Bob is a raven. " + "It was late. ".repeat(90)
                + "<|end|><|assistant|>||<|user|>What is the gate code of Alice?<|end|><|assistant|>";
        return Scenario.of(name, kind, Workspace.memo(), Types.F32_I8, 0, 30).text(turns)
                .settings(Map.of("alisa.sparse", "true", "alisa.sparse.policy", "local", "alisa.sparse.min-context",
                        "32", "alisa.sparse.caching-ratio", "0.1"));
    }
}
