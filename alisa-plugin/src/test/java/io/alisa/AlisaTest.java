package io.alisa;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.UUID;

import io.alisa.attention.ScalarKernels;
import io.alisa.cache.KvFormat;
import io.alisa.cache.KvMemory;
import io.alisa.host.Binding;
import io.alisa.host.HostSession;
import io.alisa.host.ModelShape;
import io.alisa.host.SessionMode;
import io.alisa.host.Sessions;
import io.alisa.parallel.WorkerTeam;
import org.junit.jupiter.api.Test;

/** What applications ask, through the bridge, of the sessions of this process. */
class AlisaTest {
    private static final ModelShape SHAPE = new ModelShape("TINY", 2, 256, 64, 0, 2, 2, 0, 4, 16,
            KvFormat.F32,
            0.25f, 0, 128);

    @Test
    void reportsArriveAsTheyAre() {
        Object kvBuffer = new Object();
        Binding binding = Sessions.ofProcess().bind(kvBuffer);
        try (HostSession session = new HostSession(SHAPE, SessionMode.exact(KvFormat.F32), KvMemory.unlimited(),
                new ScalarKernels(),
                WorkerTeam.shared())) {
            Sessions.ofProcess().open(binding, kvBuffer, session);
            session.stepDone(4, 1);
            assertThat(Alisa.sessions()).containsExactly(session.report());
            assertThat(Alisa.lastSession()).isEqualTo(session.report());
            binding.record(0, 1, 2, 3, 4);
            assertThat(Alisa.pin(UUID.fromString(session.report().id()), 1, 3)).as("by its report's id").isTrue();
            assertThat(Alisa.lastSession()).isNotNull().extracting(SessionReport::pinnedTokens).isEqualTo(2L);
            assertThat(Alisa.pin(UUID.randomUUID(), 1, 3)).isFalse();
            assertThat(Alisa.explain()).contains("1 open session").contains("4 tokens")
                    .contains(SHAPE.describe());
            Sessions.ofProcess().close(binding);
        }
        assertThat(Alisa.sessions()).isEmpty();
        assertThat(Alisa.lastSession()).isNotNull().extracting(SessionReport::closed).isEqualTo(true);
        assertThat(Sessions.ofProcess().find(kvBuffer)).isSameAs(binding);
    }

    @Test
    void isNotActiveWhereNoHostRan() {
        assertThat(Alisa.active()).isFalse();
    }

    /** Whether a host is there or not: what is null is the caller's mistake, and named. */
    @Test
    @SuppressWarnings("NullAway")
    void nothingIsNull() {
        Path file = Path.of("never");
        assertThatNullPointerException().isThrownBy(() -> Alisa.save(null, file)).withMessage("session");
        assertThatNullPointerException().isThrownBy(() -> Alisa.save(UUID.randomUUID(), null)).withMessage("file");
        assertThatNullPointerException().isThrownBy(() -> Alisa.restore(null, file)).withMessage("model");
        assertThatNullPointerException().isThrownBy(() -> Alisa.restore("a text", null)).withMessage("file");
        assertThatNullPointerException().isThrownBy(() -> Alisa.pin(null, 0, 1)).withMessage("session");
    }

    @Test
    void savingAndRestoringNeedAHost() {
        assertThatThrownBy(() -> Alisa.save(UUID.randomUUID(), Path.of("never")))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("-javaagent:alisa-plugin.jar");
        assertThatThrownBy(() -> Alisa.restore("a text", Path.of("never"))).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("is no model of Jlama");
        assertThat(Path.of("never")).doesNotExist();
    }
}
