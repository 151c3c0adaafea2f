package io.alisa.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;

import io.alisa.memory.OffHeap;
import io.alisa.save.SessionManifest;
import io.alisa.save.SessionReader;
import io.alisa.save.SessionWriter;
import io.alisa.tier.MemoryBudget;
import io.alisa.tier.MemoryFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

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

    private byte[] saved(KvSession session, int tokens) throws IOException {
        KvLayout layout = session.layout();
        SessionManifest manifest = new SessionManifest("model", "1", layout.format().name(), tokens,
                session.layerCount(), KvExport.type(layout), KvExport.shape(layout), KvExport.recentShape(layout),
                0, 0, 0, Map.of());
        Path file = directory.resolve("session");
        try (SessionWriter to = new SessionWriter(file, manifest)) {
            KvExport export = new KvExport(session, tokens);
            to.write(new int[tokens]);
            export.writeRecent(to);
            export.writeBlocks(to);
            to.commit();
        }
        return Files.readAllBytes(file);
    }

    /** The numbers of a session say what its steps cost. */
    @Test
    void whatIsReadForAFileIsNoStepsLoading() throws IOException {
        KvMemory memory = new KvMemory(MemoryBudget.unlimited(), MemoryBudget.unlimited(), MemoryFile::new);
        try (KvSession session = new KvSession(LAYOUT, 2, 1000, false, memory)) {
            say(session, 0, 600, 7);
            byte[] inRam = saved(session, 600);
            session.giveBack(Long.MAX_VALUE / 2);
            assertThat(session.demotedBlocks()).isPositive();
            assertThat(saved(session, 600)).isEqualTo(inRam);
            assertThat(session.loadedBytes()).isZero();
            assertThat(session.stallNanos()).isZero();
        }
    }

    /** Writes tokens of which every byte is that one, wherever they go. */
    private static void say(KvSession session, int start, int end, int what) {
        for (int i = 0; i < session.layerCount(); i++) {
            KvLayer layer = session.layer(i);
            layer.resize(start, end);
            for (int position = start; position < end; position++) {
                fill(layer, position, what);
            }
            layer.settle();
        }
    }

    private static void fill(KvLayer layer, int position, int what) {
        KvLayout layout = layer.layout();
        int index = position % KvLayout.BLOCK_TOKENS;
        long block = layer.block(position / KvLayout.BLOCK_TOKENS);
        float[] row = new float[layout.headSize()];
        Arrays.fill(row, what);
        for (int head = 0; head < layout.kvHeads(); head++) {
            if (layout.format() != KvFormat.BF16) {
                layer.rows().putKey(position, head, row, 0);
                layer.rows().putValue(position, head, row, 0);
            }
            if (layout.format() == KvFormat.INT8) {
                long at = layout.headAddress(block, head);
                fill(layout.int8Row(at, index), 2L * KvLayout.int8RowBytes(layout.headSize()), what);
                fill(layout.keyScale(at, index), 1, what);
                fill(layout.valueScale(at, index), 1, what);
            }
        }
        if (layout.format() == KvFormat.BF16) {
            fill(block + index * layout.rowBytes(), layout.rowBytes(), what);
            fill(block + layout.keyBytes() + index * layout.rowBytes(), layout.rowBytes(), what);
        }
    }

    private static void fill(long address, long bytes, int what) {
        for (long i = 0; i < bytes; i++) {
            OffHeap.setByte(address + i, what);
        }
    }

    /** What a user took back, or another one whose prompt began alike said, is nobody else's to read. */
    @ParameterizedTest
    @EnumSource(KvFormat.class)
    void whatWasTakenBackIsNotWritten(KvFormat format) throws IOException {
        KvLayout layout = new KvLayout(format, 2, 20);
        for (int tokens : new int[]{65, 71, 128}) {
            try (KvSession gone = new KvSession(layout, 2, 1000); KvSession never = new KvSession(layout, 2, 1000)) {
                say(gone, 0, 200, 7);
                say(gone, 0, tokens, 1);
                say(never, 0, tokens, 1);
                assertThat(saved(gone, tokens)).as("%s tokens", tokens).isEqualTo(saved(never, tokens));
                say(gone, tokens, tokens + 1, 2);
                say(never, tokens, tokens + 1, 2);
                assertThat(saved(gone, tokens + 1)).as("and one more").isEqualTo(saved(never, tokens + 1));
            }
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
