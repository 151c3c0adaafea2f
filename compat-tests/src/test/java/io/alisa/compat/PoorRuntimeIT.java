package io.alisa.compat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

import io.alisa.compat.scenario.Fact;
import io.alisa.compat.scenario.Kind;
import io.alisa.compat.scenario.Scenario;
import io.alisa.compat.scenario.Types;
import io.alisa.compat.tiny.Family;
import io.alisa.compat.tiny.TinyModel;

import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Runtimes that lack what the plugin uses and the host does not need: what is said is what the host says alone. */
class PoorRuntimeIT {
    /** What the host needs. */
    private static final String NO_RECORDER = "--limit-modules=java.base,java.logging,java.desktop,jdk.unsupported,"
            + "java.instrument,jdk.incubator.vector";

    private static Workspace workspace;

    @BeforeAll
    static void open() throws IOException {
        assumeTrue(HostProcess.pluginAvailable(), "compat.agent=none: there is no plugin to test");
        workspace = Workspace.of(PoorRuntimeIT.class);
    }

    private static List<String> said(HostResult result) {
        return result.output().lines().filter(line -> line.startsWith("[alisa]")).toList();
    }

    /** As jlink makes them. What the plugin does is served all the same, but for recordings. */
    @Test
    void withoutAFlightRecorderItServes() throws IOException, InterruptedException {
        IdentityCase test = IdentityCase.ofLlama(workspace);
        IdentityRun run = IdentityRun.of(workspace, "no-recorder", test,
                process -> process.flag(NO_RECORDER));
        test.check(run.host(), run.plugin());
        assertThat(said(run.plugin())).isEmpty();
    }

    /** Where there is more to record: samples of sparse attention, what moves between the tiers, what is computed again. */
    @Test
    void withoutAFlightRecorderItGoesThroughAllPhases() throws IOException, InterruptedException {
        Path model = workspace.model(TinyModel.of(Family.LLAMA).layers(12));
        Scenario scenario = Scenario.of("phases", Kind.GREEDY, model, Types.F32, 1278, 12)
                .settings(Map.of("alisa.sparse", "true", "alisa.sparse.min-context", "64",
                        "alisa.memory.fast", Integer.toString(9 << 19), "alisa.memory.slow", "700k"));
        HostResult result = workspace.withPlugin("phases").operations(Operations.PANAMA).flag(NO_RECORDER)
                .run(List.of(scenario));
        assertThat(result.recording(scenario.name()).fact(Fact.PLUGIN_PHASE)).isEqualTo("III");
    }

    @Test
    void withoutNativeAccessItIsNotServedAndOneLineSaysWhatIsMissing() throws IOException, InterruptedException {
        IdentityCase test = IdentityCase.ofLlama(workspace);
        IdentityRun run = IdentityRun.of(workspace, "no-native-access", test,
                process -> process.withoutFlag("--enable-native-access=ALL-UNNAMED")
                        .flag("--illegal-native-access=deny"));
        assertThat(said(run.plugin())).singleElement().asString()
                .contains("native memory", "--enable-native-access=ALL-UNNAMED");
        String name = test.scenario().name();
        assertThat(run.plugin().recording(name).fact(Fact.PLUGIN_ACTIVE)).isEqualTo("false");
        assertThat(test.compare(run.host().recording(name), run.plugin().recording(name)).errors()).isEmpty();
    }
}
