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

import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * Sessions leave no memory behind, closed or forgotten. The Java heap is fixed and touched at start, so resident memory
 * grows by what is kept outside it: the KV.
 */
class LeakIT {
    /** A session of 100 tokens takes 512 KiB: two blocks of two layers. Leaking one in ten would be found. */
    private static final long MARGIN = 48L << 20;

    private static Workspace workspace;

    @BeforeAll
    static void open() throws IOException {
        assumeTrue(HostProcess.pluginAvailable(),
                "compat.agent=none: the host plays both roles, there is no plugin to test");
        workspace = Workspace.of(LeakIT.class);
    }

    @Test
    void thousandClosedSessionsGiveTheirMemoryBack() throws IOException, InterruptedException {
        check(Kind.CHURN, 1000);
    }

    @Test
    void sessionsNobodyClosesAreCollected() throws IOException, InterruptedException {
        check(Kind.ABANDON, 200);
    }

    private static void check(Kind kind, int sessions) throws IOException, InterruptedException {
        TinyModel model = TinyModel.of(Family.LLAMA);
        Scenario scenario = Scenario.of(kind.name(), kind, workspace.model(model), Types.F32, 80, 20)
                .sessions(sessions, 1);
        Recording recording = workspace.withPlugin(kind.name()).operations(Operations.PANAMA).flag("-Xms256m")
                .flag("-Xmx256m").flag("-XX:+AlwaysPreTouch").run(List.of(scenario)).recording(scenario.name());
        assertThat(recording.fact(Fact.PLUGIN_ACTIVE)).isEqualTo("true");
        assertThat(recording.number(Fact.PLUGIN_SESSIONS_LEFT)).as("sessions left").isZero();
        assertThat(recording.number(Fact.RSS_AFTER)).as("resident bytes after %d sessions", sessions)
                .isLessThan(recording.number(Fact.RSS_BEFORE) + MARGIN);
        assertThat(recording.number(Fact.PAGE_FILES)).isZero();
    }
}
