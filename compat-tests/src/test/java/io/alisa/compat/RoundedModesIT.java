package io.alisa.compat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
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

/** The modes that do not say to the bit what the host says: INT8 KV, and sparse attention over it. */
class RoundedModesIT {
    private static final String QUESTION = "<|user|>What is the gate code of Alice?<|end|><|assistant|>";
    private static final String ANSWER = "The gate code of Alice is 4821.";
    /** Beside the tiny models' KV, what is rounded up to whole pieces of memory weighs much: the longest counts. */
    private static final String LONG = "LLAMA, long";
    /** Of the logits of dense INT8: far above what rounding costs, far below another computation. */
    private static final double CLOSE = 1e-2;
    /** Of random weights, which attend far more tokens than trained ones; logits of another computation are 2 apart. */
    private static final double ROUGHLY = 0.3;

    private static Workspace workspace;
    private static List<Scenario> scenarios = List.of();
    private static HostResult exact = new HostResult(Map.of(), "");
    /** What exact mode said, read with dense INT8 KV. */
    private static HostResult int8 = new HostResult(Map.of(), "");

    @BeforeAll
    static void open() throws IOException, InterruptedException {
        assumeTrue(HostProcess.pluginAvailable(),
                "compat.agent=none: the host plays both roles, there is no plugin to test");
        workspace = Workspace.of(RoundedModesIT.class);
        scenarios = scenarios();
        exact = plugin("exact").run(scenarios);
        int8 = plugin("int8").property("alisa.kv.type", "int8").run(fed());
    }

    /** The scenarios, told token by token what exact mode said. */
    private static List<Scenario> fed() {
        return scenarios.stream().map(s -> s.reference(exact.file(s.name()))).toList();
    }

    private static HostProcess plugin(String name) {
        return workspace.withPlugin(name).operations(Operations.PANAMA);
    }

    private static HostProcess sparse(String name, int minContext) {
        return plugin(name).property("alisa.sparse", "true").property("alisa.sparse.min-context", "" + minContext);
    }

    /** Every family, the awkward types, and a long one. */
    private static List<Scenario> scenarios() throws IOException {
        List<Scenario> scenarios = new ArrayList<>();
        for (Family family : Family.values()) {
            TinyModel model = TinyModel.of(family);
            scenarios.add(scenario(family + "", model, Types.F32, 150, 80));
        }
        TinyModel grouped = TinyModel.of(Family.LLAMA).heads(8, 4, 32);
        scenarios.add(scenario("grouped, 3 sessions", grouped, Types.F32, 70, 70).sessions(3, 2));
        scenarios.add(scenario("heads of 80", TinyModel.of(Family.LLAMA).heads(4, 2, 80), Types.F32, 70, 70));
        scenarios.add(scenario("BF16", grouped.weights(WeightType.BF16), Types.BF16, 150, 60));
        scenarios.add(scenario("Q4, I8", grouped.weights(WeightType.Q4), Types.F32_I8, 150, 60));
        scenarios.add(scenario("a batch and a token", TinyModel.of(Family.LLAMA), Types.F32, 257, 20));
        scenarios.add(scenario(LONG, TinyModel.of(Family.LLAMA), Types.F32, 3000, 20));
        return scenarios;
    }

    private static Scenario scenario(String name, TinyModel model, Types types, int prompt, int decode)
            throws IOException {
        return Scenario.of(name, Kind.GREEDY, workspace.model(model), types, prompt, decode);
    }

    @Test
    void int8IsCloseToExactEverywhere() throws IOException {
        for (Scenario scenario : scenarios) {
            Recording recording = int8.recording(scenario.name());
            checkMode(scenario.name(), recording, "dense INT8");
            if (scenario.types().equals(Types.BF16)) {
                checkFinite(scenario.name(), recording); // exact mode repeats the host, which is far from the formula
            } else {
                checkClose(scenario.name(), recording, exact, CLOSE);
            }
        }
        checkBytes(int8.recording(LONG), 0.4);
    }

    /** With a fifth of the tokens roughly; with nearly all of them, but for what the few that are left out weigh. */
    @Test
    void sparseAttentionIsCloseToDenseEverywhere() throws IOException, InterruptedException {
        HostResult fifth = sparse("sparse", 32).run(fed());
        HostResult nearlyAll = sparse("nearly-all", 32).property("alisa.sparse.caching-ratio", "0.9").run(fed());
        for (Scenario scenario : scenarios) {
            checkMode(scenario.name(), fifth.recording(scenario.name()), "sparse swa 20 % INT8");
            checkPrompt(scenario.name(), fifth.recording(scenario.name()));
            checkClose(scenario.name(), fifth.recording(scenario.name()), int8, ROUGHLY);
            checkMode(scenario.name(), nearlyAll.recording(scenario.name()), "sparse swa 90 % INT8");
            checkClose(scenario.name(), nearlyAll.recording(scenario.name()), int8, CLOSE / 10);
        }
        checkBytes(fifth.recording(LONG), 0.55);
    }

    /** By the median step; and by the mean, so that steps behind a block that was filled while decoding count, too. */
    private static void checkClose(String name, Recording recording, HostResult reference, double close)
            throws IOException {
        List<Trace> expected = reference.recording(name).traces();
        assertThat(recording.traces()).as(name).hasSameSizeAs(expected);
        checkFinite(name, recording);
        for (int session = 0; session < expected.size(); session++) {
            double[] steps = nmse(recording.traces().get(session), expected.get(session));
            assertThat(median(steps)).as("logits of %s, %s", name, recording.fact(Fact.PLUGIN_MODE)).isPositive()
                    .isLessThan(close);
            if (!name.equals(Family.MIXTRAL.toString())) { // its router chooses another expert now and then
                assertThat(Arrays.stream(steps).average().orElse(Double.NaN))
                        .as("mean logits of %s, %s", name, recording.fact(Fact.PLUGIN_MODE))
                        .isLessThan(Math.max(close, CLOSE));
            }
        }
    }

    /**
     * Prompts are attended densely, to the last token: what is said first is what dense INT8 says, but for last bits, in which the
     * host itself moves until its code is compiled, and what these do where activations are rounded.
     */
    private static void checkPrompt(String name, Recording recording) throws IOException {
        List<Trace> expected = int8.recording(name).traces();
        for (int session = 0; session < expected.size(); session++) {
            assertThat(nmse(recording.traces().get(session).logits(0), expected.get(session).logits(0)))
                    .as("logits after the prompt of %s", name).isLessThan(CLOSE / 10);
        }
    }

    private static void checkFinite(String name, Recording recording) {
        for (Trace trace : recording.traces()) {
            for (int step = 0; step < trace.steps(); step++) {
                for (float logit : trace.logits(step)) {
                    assertThat(Float.isFinite(logit)).as("%s: a logit of step %d is %s", name, step, logit).isTrue();
                }
            }
        }
    }

    private static void checkMode(String name, Recording recording, String mode) {
        assertThat(recording.fact(Fact.PLUGIN_MODE)).as(name).isEqualTo(mode);
        assertThat(recording.fact(Fact.PLUGIN_SESSIONS)).as("tokens of %s", name)
                .isEqualTo(recording.fact(Fact.FED));
        assertThat(recording.number(Fact.PAGE_FILES)).as("page files of %s", name).isZero();
        assertThat(recording.number(Fact.PLUGIN_BYTES)).as("bytes of %s", name).isPositive();
        assertThat(recording.number(Fact.PLUGIN_BYTES_LEFT)).as("bytes left of %s", name).isZero();
    }

    private static void checkBytes(Recording recording, double share) {
        assertThat((double) recording.number(Fact.PLUGIN_BYTES)).as("bytes of KV")
                .isLessThan(share * recording.number(Fact.HOST_BYTES));
    }

    /** Of each step. */
    private static double[] nmse(Trace actual, Trace expected) {
        double[] steps = new double[expected.steps()];
        for (int step = 0; step < steps.length; step++) {
            steps[step] = nmse(actual.logits(step), expected.logits(step));
        }
        return steps;
    }

    /** Of all steps: where a router chooses another expert, rounding is a step into another computation. */
    private static double median(double[] steps) {
        double[] sorted = steps.clone();
        Arrays.sort(sorted);
        return sorted[sorted.length / 2];
    }

    private static double nmse(float[] actual, float[] expected) {
        double error = 0;
        double length = 0;
        for (int i = 0; i < expected.length; i++) {
            double difference = actual[i] - expected[i];
            error += difference * difference;
            length += expected[i] * expected[i];
        }
        return error / length;
    }

    /** A fact, much else, and the question: the answer's digits are decoded sparsely. */
    @Test
    void theTrainedModelRemembers() throws IOException, InterruptedException {
        StringBuilder story = new StringBuilder("<|begin|><|user|>Remember this: ").append(ANSWER)
                .append("<|end|><|assistant|>Noted.<|end|>");
        for (String other : List.of("The lamp is in the cellar.", "The pet of Bob is a raven.",
                "The home town of Clara is Vienna.", "The locker number of Hugo is 318.",
                "The favourite colour of Ruth is green.", "The pin of Oscar is 7206.", "The book is in the kitchen.",
                "The home town of Victor is Oslo.", "The locker number of Edith is 925.",
                "The favourite colour of Simon is white.", "The phone number of Greta is 604172.")) {
            story.append("<|user|>Remember this: ").append(other).append("<|end|><|assistant|>Noted.<|end|>");
        }
        Scenario generate = Scenario.of("generate", Kind.GENERATE, Workspace.memo(), Types.F32_I8, 0, 800)
                .text(story + QUESTION);
        Scenario tokenwise = Scenario.of("token by token", Kind.TOKENWISE, Workspace.memo(), Types.F32, 0, 8)
                .text(story + QUESTION);
        List<Scenario> scenarios = List.of(generate, tokenwise);
        HostResult dense = plugin("memo-exact").run(scenarios);
        HostResult sparse = sparse("memo-sparse", 64).run(scenarios);
        assertThat(dense.recording("generate").fact(Fact.TEXT)).contains(ANSWER);
        assertThat(sparse.recording("generate").fact(Fact.TEXT)).contains(ANSWER);
        assertThat(sparse.recording("generate").fact(Fact.PLUGIN_MODE)).isEqualTo("sparse swa 20 % INT8");
        assertThat(sparse.recording("generate").number(Fact.PAGE_FILES)).isZero();
        Trace expected = dense.recording("token by token").traces().get(0);
        assertThat(sparse.recording("token by token").traces().get(0).tokens()).isEqualTo(expected.tokens());
    }

    @Test
    void sessionsOfOneProcessMayDiffer() throws IOException, InterruptedException {
        Scenario modes = Scenario.of("modes", Kind.MODES, workspace.model(TinyModel.of(Family.MISTRAL)), Types.F32, 150,
                30);
        Recording recording = plugin("modes").property("alisa.sparse.min-context", "32").run(List.of(modes))
                .recording("modes");
        assertThat(recording.fact(Fact.PLUGIN_MODE)).isEqualTo(List.of("exact F32", "dense INT8",
                "sparse swa 20 % INT8", "sparse swa 20 % F32", "exact F32").toString());
        assertThat(recording.number(Fact.PLUGIN_BYTES_LEFT)).isZero();
        List<Trace> traces = recording.traces();
        assertThat(median(nmse(traces.get(4), traces.get(0)))).as("exact again").isLessThan(1e-9);
        assertThat(median(nmse(traces.get(1), traces.get(0)))).as("dense INT8").isPositive().isLessThan(CLOSE);
        assertThat(median(nmse(traces.get(2), traces.get(0)))).as("sparse").isGreaterThan(1e-6);
    }

    @Test
    void sessionsGiveTheirMemoryBack() throws IOException, InterruptedException {
        Path model = workspace.model(TinyModel.of(Family.LLAMA));
        List<Scenario> scenarios = List.of(
                Scenario.of("closed", Kind.CHURN, model, Types.F32, 80, 20).sessions(300, 1),
                Scenario.of("forgotten", Kind.ABANDON, model, Types.F32, 80, 20).sessions(150, 1));
        HostResult result = sparse("leak", 32).flag("-Xms256m").flag("-Xmx256m").flag("-XX:+AlwaysPreTouch")
                .run(scenarios);
        for (Scenario scenario : scenarios) {
            Recording recording = result.recording(scenario.name());
            assertThat(recording.number(Fact.PLUGIN_SESSIONS_LEFT)).as("sessions left").isZero();
            // A session takes about a megabyte; the compilers, which are at work meanwhile, some tens of them in all.
            assertThat(recording.number(Fact.RSS_AFTER)).as("resident bytes, %s", scenario.name())
                    .isLessThan(recording.number(Fact.RSS_BEFORE) + (96L << 20));
        }
    }
}
