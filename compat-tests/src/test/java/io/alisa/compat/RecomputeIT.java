package io.alisa.compat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

import io.alisa.compat.scenario.Fact;
import io.alisa.compat.scenario.Kind;
import io.alisa.compat.scenario.Recording;
import io.alisa.compat.scenario.Scenario;
import io.alisa.compat.scenario.Types;
import io.alisa.compat.tiny.Family;
import io.alisa.compat.tiny.TinyModel;
import io.alisa.compat.tiny.WeightType;

import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Where no tier has room for a prompt, parts of it are deleted and computed again: the same is said, to the bit. */
class RecomputeIT {
    private static final Map<String, String> DENSE = Map.of("alisa.kv.type", "int8");
    private static final Map<String, String> SPARSE = Map.of("alisa.kv.type", "int8", "alisa.sparse", "true",
            "alisa.sparse.min-context", "64");
    /** Enough for what can't be deleted, too little for all: of the models with many heads, of the others. */
    private static final long WIDE_FAST = 7 << 20;
    private static final long FAST = 9 << 19;
    /** Five batches of the host; its last block ends among the tokens that are said. */
    private static final int PROMPT = 1278;
    private static final String NO_FILE = "0";
    private static final String SMALL_FILE = "700k";
    private static final String OFF = "off";

    private static List<Case> cases = List.of();
    private static HostResult result = new HostResult(Map.of(), "");

    /** What is said where nothing has room, to be compared with what is said where everything has. */
    private record Case(Scenario scenario, Map<String, String> mode, long fast, String slow) {

        String name() {
            return "%s, file of %s".formatted(inMode(), slow);
        }

        private String inMode() {
            return "%s, %s".formatted(scenario.name(), mode.equals(SPARSE) ? "sparse" : "dense");
        }

        /** The same for every file. */
        Scenario ample() {
            return scenario.name(inMode() + ", ample").settings(mode).settings(Map.of("alisa.memory.fast", "512m"));
        }

        Scenario tight() {
            return scenario.name(name()).settings(mode)
                    .settings(Map.of("alisa.memory.fast", fast + "", "alisa.memory.slow", slow));
        }
    }

    @BeforeAll
    static void run() throws IOException, InterruptedException {
        assumeTrue(HostProcess.pluginAvailable(),
                "compat.agent=none: the host plays both roles, there is no plugin to test");
        Workspace workspace = Workspace.of(RecomputeIT.class);
        TinyModel llama = TinyModel.of(Family.LLAMA).layers(12);
        TinyModel wide = TinyModel.of(Family.LLAMA).layers(20).heads(8, 4, 32).weights(WeightType.Q4);
        Scenario first = greedy("LLAMA", workspace.model(llama), Types.F32);
        Scenario positions = greedy("learned positions", workspace.model(TinyModel.of(Family.GPT2).layers(12)),
                Types.F32);
        Scenario capped = greedy("capped scores", workspace.model(TinyModel.of(Family.GEMMA2).layers(12)), Types.F32);
        Scenario rounded = greedy("grouped, Q4, I8", workspace.model(wide), Types.F32_I8);
        Scenario rewound = Scenario.of("rewound", Kind.REWIND, workspace.model(llama), Types.F32, 1024, 2);
        cases = List.of(new Case(first, DENSE, FAST, NO_FILE), new Case(first, DENSE, FAST, SMALL_FILE),
                new Case(first, SPARSE, FAST, SMALL_FILE), new Case(positions, DENSE, FAST, NO_FILE),
                new Case(positions, SPARSE, FAST, SMALL_FILE), new Case(capped, DENSE, FAST, NO_FILE),
                new Case(capped, SPARSE, FAST, SMALL_FILE), new Case(rounded, DENSE, WIDE_FAST, NO_FILE),
                new Case(rounded, SPARSE, WIDE_FAST, SMALL_FILE), new Case(rewound, DENSE, FAST, NO_FILE),
                new Case(rewound, DENSE, FAST, SMALL_FILE), new Case(rewound, SPARSE, FAST, SMALL_FILE));

        List<Scenario> scenarios = new ArrayList<>(cases.stream().map(Case::ample).distinct().toList());
        cases.forEach(each -> scenarios.add(each.tight()));
        scenarios.add(cases.getFirst().tight().name(OFF).settings(Map.of("alisa.recompute", "off")));
        result = workspace.withPlugin("all").operations(Operations.PANAMA).orderedSums().run(scenarios);
    }

    private static Scenario greedy(String name, Path model, Types types) {
        return Scenario.of(name, Kind.GREEDY, model, types, PROMPT, 3);
    }

    @TestFactory
    List<DynamicTest> theSameIsSaid() {
        return cases.stream().map(each -> DynamicTest.dynamicTest(each.name(), () -> check(each))).toList();
    }

    private static void check(Case given) throws IOException {
        Recording expected = result.recording(given.ample().name());
        Recording actual = result.recording(given.name());
        assertThat(expected.fact(Fact.PLUGIN_PHASE)).isEqualTo("I");
        assertThat(expected.number(Fact.PLUGIN_RECOMPUTED)).isZero();
        assertThat(actual.fact(Fact.PLUGIN_MODE)).isEqualTo(expected.fact(Fact.PLUGIN_MODE))
                .startsWith(given.mode().equals(SPARSE) ? "sparse" : "dense INT8");
        if (given.scenario().kind() != Kind.REWIND) { // that ends with a prompt that fits
            assertThat(actual.fact(Fact.PLUGIN_PHASE)).isEqualTo("III");
        }
        assertThat(actual.number(Fact.PLUGIN_RECOMPUTED)).as("recomputed").isPositive();
        assertThat(actual.number(Fact.PLUGIN_BYTES)).as("bytes").isLessThanOrEqualTo(given.fast());
        assertThat(actual.number(Fact.PLUGIN_BYTES_LEFT)).as("bytes left").isZero();
        SameBits.check(given.name(), actual.traces().getFirst(), expected.traces().getFirst());
    }

    @Test
    void withoutRecomputationItSaysWhatToDo() throws IOException {
        assertThat(result.recordingOrFailure(OFF).fact(Fact.FAILURE)).contains("MemoryFullException")
                .contains("alisa.memory.slow is 0").contains("alisa.recompute is off");
    }
}
