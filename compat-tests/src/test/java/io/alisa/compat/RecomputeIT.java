package io.alisa.compat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
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

/** Where no tier has room for a prompt, parts of it are deleted and computed again: the same is said, to the bit. */
class RecomputeIT {
    /** Enough for what can't be deleted, too little for all: of the models with many heads, of the others. */
    private static final long WIDE_FAST = 7 << 20;
    private static final long FAST = 5 << 20;
    /** The host's arithmetic may change its last bits when its code is compiled: that is over by then. */
    private static final String WARM_UP = "warm-up";
    private static final String REWOUND = "rewound";

    private static Workspace workspace;

    @BeforeAll
    static void open() throws IOException {
        assumeTrue(HostProcess.pluginAvailable(),
                "compat.agent=none: the host plays both roles, there is no plugin to test");
        workspace = Workspace.of(RecomputeIT.class);
    }

    private static List<Scenario> scenarios() throws IOException {
        TinyModel llama = TinyModel.of(Family.LLAMA).layers(12);
        return List.of(
                scenario(WARM_UP, llama, Types.F32, 1500, 15),
                scenario("LLAMA", llama, Types.F32, 1500, 15),
                scenario("learned positions", TinyModel.of(Family.GPT2).layers(12), Types.F32, 1400, 10),
                scenario("capped scores", TinyModel.of(Family.GEMMA2).layers(12), Types.F32, 1400, 10),
                Scenario.of(REWOUND, Kind.REWIND, workspace.model(llama), Types.F32, 1152, 10));
    }

    private static Scenario scenario(String name, TinyModel model, Types types, int prompt, int decode)
            throws IOException {
        return Scenario.of(name, Kind.GREEDY, workspace.model(model), types, prompt, decode);
    }

    /** What is kept of closed sessions is freed when their model was collected, in the midst of a later one's steps. */
    private static HostProcess plugin(String name, boolean sparse) {
        HostProcess process = workspace.withPlugin(name).operations(Operations.PANAMA)
                .property("alisa.kv.type", "int8");
        return sparse
                ? process.property("alisa.sparse", "true").property("alisa.sparse.min-context", "64")
                : process;
    }

    @Test
    void denseAttentionSaysTheSame() throws IOException, InterruptedException {
        compare("dense", false, FAST, "0", scenarios());
    }

    @Test
    void denseAttentionSaysTheSameWhenTheFileIsFullToo() throws IOException, InterruptedException {
        List<Scenario> scenarios = scenarios();
        compare("dense-slow", false, FAST, "700k",
                List.of(scenarios.get(0), scenarios.get(1), scenarios.getLast()));
    }

    @Test
    void sparseAttentionSaysTheSame() throws IOException, InterruptedException {
        compare("sparse", true, FAST, "700k", scenarios());
    }

    @Test
    void roundedWeightsSayTheSame() throws IOException, InterruptedException {
        TinyModel model = TinyModel.of(Family.LLAMA).layers(20).heads(8, 4, 32).weights(WeightType.Q4);
        List<Scenario> scenarios = List.of(scenario(WARM_UP, model, Types.F32_I8, 1500, 10),
                scenario("grouped, Q4, I8", model, Types.F32_I8, 1500, 10));
        compare("rounded", false, WIDE_FAST, "0", scenarios);
        compare("rounded-sparse", true, WIDE_FAST, "700k", scenarios);
    }

    private static void compare(String name, boolean sparse, long fast, String slow, List<Scenario> scenarios)
            throws IOException, InterruptedException {
        HostResult ample = plugin(name + "-ample", sparse).property("alisa.memory.fast", "512m").run(scenarios);
        HostResult tight = plugin(name + "-tight", sparse).property("alisa.memory.fast", fast + "")
                .property("alisa.memory.slow", slow).run(scenarios);
        for (Scenario scenario : scenarios) {
            Recording expected = ample.recording(scenario.name());
            Recording actual = tight.recording(scenario.name());
            assertThat(expected.fact(Fact.PLUGIN_PHASE)).isEqualTo("I");
            assertThat(expected.number(Fact.PLUGIN_RECOMPUTED)).isZero();
            if (!scenario.name().equals(REWOUND)) { // ends with a prompt that fits
                assertThat(actual.fact(Fact.PLUGIN_PHASE)).as(scenario.name()).isEqualTo("III");
            }
            assertThat(actual.number(Fact.PLUGIN_RECOMPUTED)).as("recomputed, %s", scenario.name()).isPositive();
            assertThat(actual.number(Fact.PLUGIN_BYTES)).as("bytes, %s", scenario.name()).isLessThanOrEqualTo(fast);
            assertThat(actual.number(Fact.PLUGIN_BYTES_LEFT)).as("bytes left, %s", scenario.name()).isZero();
            if (!scenario.name().equals(WARM_UP)) {
                assertSame(scenario.name(), actual.traces().get(0), expected.traces().get(0));
            }
        }
    }

    private static void assertSame(String name, Trace actual, Trace expected) {
        assertThat(actual.tokens()).as(name).isEqualTo(expected.tokens());
        for (int step = 0; step < expected.steps(); step++) {
            assertThat(actual.logits(step)).as("%s, step %s", name, step).isEqualTo(expected.logits(step));
        }
    }

    @Test
    void withoutRecomputationItSaysWhatToDo() throws IOException, InterruptedException {
        Scenario scenario = scenarios().get(0);
        Recording recording = plugin("off", false).property("alisa.memory.fast", FAST + "")
                .property("alisa.memory.slow", "0").property("alisa.recompute", "off").run(List.of(scenario))
                .recordingOrFailure(scenario.name());
        assertThat(recording.fact(Fact.FAILURE)).contains("MemoryFullException")
                .contains("alisa.memory.slow is 0").contains("alisa.recompute is off");
    }
}
