package io.alisa.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class KvExportTest {
    private static final KvLayout LAYOUT = new KvLayout(KvFormat.INT8, 2, 20);

    private static KvSession session(int tokens) {
        KvSession session = new KvSession(LAYOUT, 2, 1000);
        for (int i = 0; i < 2; i++) {
            session.layer(i).resize(0, tokens);
            session.layer(i).settle();
        }
        return session;
    }

    @Test
    void shapesHaveAsManyBytesAsBlocks() {
        for (KvFormat format : KvFormat.values()) {
            for (int headSize : new int[]{1, 20, 64, 80}) {
                KvLayout layout = new KvLayout(format, 3, headSize);
                long elements = KvExport.shape(layout).stream().reduce(1L, Math::multiplyExact);
                assertThat(elements * KvExport.type(layout).bytes()).as("%s", layout).isEqualTo(layout.blockBytes());
            }
        }
    }

    @Test
    void deletedTokensAreSaidWithARemedy() {
        try (KvSession session = session(200)) {
            session.layer(1).delete(1);
            assertThatThrownBy(() -> new KvExport(session, 200)).isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("are deleted").hasMessageContaining("raise alisa.memory.fast");
        }
    }

    @Test
    void aStepInProgressIsSaid() {
        try (KvSession session = session(200)) {
            session.layer(0).resize(200, 201);
            assertThatThrownBy(() -> new KvExport(session, 200)).hasMessageContaining("in the middle of a step");
            assertThatThrownBy(() -> new KvExport(session, 201)).hasMessageContaining("in the middle of a step");
        }
    }
}
