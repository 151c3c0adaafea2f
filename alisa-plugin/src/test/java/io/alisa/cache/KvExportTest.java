package io.alisa.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Map;

import io.alisa.memory.OffHeap;
import io.alisa.save.SessionManifest;
import io.alisa.save.SessionReader;
import io.alisa.save.SessionWriter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KvExportTest {
    private static final KvLayout LAYOUT = new KvLayout(KvFormat.INT8, 2, 20);

    @TempDir
    Path directory = Path.of("");

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

    /** A session that begins with another one's blocks, and has done nothing yet. */
    @Test
    void blocksOfAnotherSessionAreWrittenToo() throws IOException {
        SessionManifest manifest = new SessionManifest("model", "1", "INT8", 128, 2, KvExport.type(LAYOUT),
                KvExport.shape(LAYOUT), KvExport.recentShape(LAYOUT), 0, 0, 0, Map.of());
        Path file = directory.resolve("taken-over");
        try (KvSession parent = session(200);
                KvSession child = new KvSession(LAYOUT, 2, 1000);
                SessionWriter to = new SessionWriter(file, manifest)) {
            OffHeap.setByte(parent.layer(1).block(1), 42);
            parent.freeze(128);
            assertThat(child.inherit(parent, 128)).isTrue();
            KvExport export = new KvExport(child, 128);
            to.write(new int[128]);
            export.writeRecent(to);
            export.writeBlocks(to);
            to.commit();
        }
        try (SessionReader reader = SessionReader.open(file, any -> {
        })) {
            ByteBuffer block = ByteBuffer.allocate((int) LAYOUT.blockBytes());
            reader.block(1, 1, block);
            assertThat(block.get(0)).isEqualTo((byte) 42);
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
