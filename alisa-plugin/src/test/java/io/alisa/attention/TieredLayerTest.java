package io.alisa.attention;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;

import io.alisa.cache.KvFormat;
import io.alisa.cache.KvLayer;
import io.alisa.cache.KvLayout;
import io.alisa.cache.KvMemory;
import io.alisa.cache.KvSession;
import io.alisa.tier.MemoryBudget;
import io.alisa.tier.MemoryFile;
import io.alisa.tier.MemoryFullException;
import org.junit.jupiter.api.Test;

/** A layer whose blocks go to the file and come back, one by one. */
class TieredLayerTest {
    /** Large enough for a block to be a slab of its own. */
    private static final KvLayout LAYOUT = new KvLayout(KvFormat.INT8, 16, 128);
    private static final long BLOCK = LAYOUT.blockBytes();
    private static final KvWriter WRITER = new KvWriter(new ScalarKernels());

    private final MemoryBudget fast = new MemoryBudget(Long.MAX_VALUE);
    private final KvMemory memory = new KvMemory(fast, new MemoryBudget(Long.MAX_VALUE), MemoryFile::new);

    /** Writes tokens of which every channel is {@code value}. */
    private static void write(KvSession session, int start, int end, float value) {
        KvLayer layer = session.layer(0);
        layer.resize(start, end);
        float[] channels = new float[LAYOUT.headSize()];
        Arrays.fill(channels, value);
        for (int position = start; position < end; position++) {
            for (int head = 0; head < LAYOUT.kvHeads(); head++) {
                WRITER.putKey(layer, position, head, channels);
                WRITER.putValue(layer, position, head, channels);
            }
        }
        layer.settle();
    }

    private static float read(KvSession session, int position) {
        float[] key = new float[LAYOUT.headSize()];
        session.layer(0).rows().readKey(position, 3, key);
        return key[7];
    }

    private static boolean[] resident(KvSession session, int blocks) {
        boolean[] resident = new boolean[blocks];
        for (int block = 0; block < blocks; block++) {
            resident[block] = session.layer(0).isResident(block);
        }
        return resident;
    }

    /** Sends one block to the file by using the others. */
    private static void sendAway(KvSession session, int block) {
        for (int other = 0; other < 4; other++) {
            if (other != block) {
                session.layer(0).noteUse(other, 1);
            }
        }
        for (int i = 0; i < 2 && session.layer(0).isResident(block); i++) {
            session.giveBack(1); // the first may find a frame that is free already
        }
        assertThat(session.layer(0).isResident(block)).isFalse();
    }

    private KvSession fourBlocks() {
        KvSession session = new KvSession(LAYOUT, 1, 1024, false, memory);
        for (int block = 0; block < 4; block++) {
            write(session, 64 * block, 64 * block + 64, block + 1);
        }
        write(session, 256, 257, 5);
        return session;
    }

    @Test
    void theLeastUsedBlockGoesAndIsReadFromTheFile() {
        try (KvSession session = fourBlocks()) {
            sendAway(session, 2);
            assertThat(resident(session, 5)).containsExactly(true, true, false, true, true);
            for (int block = 0; block < 5; block++) {
                assertThat(read(session, 64 * block)).isCloseTo(block + 1, within(0.1f));
            }
            assertThat(session.loadedBytes()).isEqualTo(LAYOUT.headBytes());
        }
    }

    /** What is given back is what was asked for, though others may use it up at once. */
    @Test
    void noMoreGoesThanIsAskedFor() {
        try (KvSession session = fourBlocks()) {
            fast.setCap(fast.reserved() - 3 * BLOCK); // so that nothing of it becomes free
            long before = session.bytes();
            session.giveBack(BLOCK);
            assertThat(before - session.bytes()).isEqualTo(BLOCK);
            assertThat(session.demotedBlocks()).isEqualTo(1);
        }
    }

    /** The host goes back and says something else there: the reader must not remember. */
    @Test
    void aBlockThatWasWrittenAnewIsReadAnew() {
        try (KvSession session = fourBlocks()) {
            sendAway(session, 3);
            assertThat(read(session, 192)).isCloseTo(4, within(0.1f));
            write(session, 133, 192, 7);
            write(session, 192, 256, 8);
            write(session, 256, 257, 9);
            sendAway(session, 3);
            assertThat(read(session, 192)).isCloseTo(8, within(0.1f));
            assertThat(read(session, 140)).isCloseTo(7, within(0.1f));
            assertThat(read(session, 130)).isCloseTo(3, within(0.1f));
        }
    }

    /** A step back into a block in the file brings it to RAM, and what is written there counts from then on. */
    @Test
    void aBlockThatIsWrittenToComesBack() {
        try (KvSession session = fourBlocks()) {
            sendAway(session, 1);
            write(session, 100, 110, 6);
            assertThat(session.layer(0).isResident(1)).isTrue();
            assertThat(read(session, 70)).isCloseTo(2, within(0.1f));
            assertThat(read(session, 105)).isCloseTo(6, within(0.1f));
            write(session, 110, 128, 6);
            write(session, 128, 256, 6);
            sendAway(session, 1);
            assertThat(read(session, 105)).isCloseTo(6, within(0.1f));
        }
    }

    /** What the step failed to make room for is not taken for done when the host tries again. */
    @Test
    void aStepBackThatFoundNoRoomCanBeRepeated() {
        KvMemory ram = new KvMemory(fast, new MemoryBudget(0), MemoryFile::new);
        try (KvSession session = new KvSession(LAYOUT, 1, 1024, false, ram)) {
            for (int block = 0; block < 4; block++) {
                write(session, 64 * block, 64 * block + 64, block + 1);
            }
            fast.setCap(0);
            assertThatExceptionOfType(MemoryFullException.class).isThrownBy(() -> write(session, 100, 900, 6));
            fast.setCap(Long.MAX_VALUE);
            write(session, 100, 101, 6);
            assertThat(read(session, 70)).as("floats of the block it went back into").isCloseTo(2, within(0.1f));
            assertThat(read(session, 100)).isCloseTo(6, within(0.1f));
        }
    }

    @Test
    void nothingOfAPinnedLayerMoves() {
        try (KvSession session = fourBlocks()) {
            session.layer(0).pin();
            long before = session.bytes();
            session.giveBack(before);
            assertThat(resident(session, 4)).doesNotContain(false);
            assertThat(session.bytes()).isEqualTo(before);
            session.layer(0).unpin();
            session.giveBack(before);
            assertThat(resident(session, 4)).doesNotContain(true);
            assertThat(session.layer(0).isResident(4)).as("the newest").isTrue();
        }
    }

    @Test
    void withoutAFileItIsSaidWhatToDo() {
        KvMemory ram = new KvMemory(new MemoryBudget(20 * BLOCK), new MemoryBudget(0), MemoryFile::new);
        try (KvSession session = new KvSession(LAYOUT, 1, 4096, false, ram)) {
            assertThatExceptionOfType(MemoryFullException.class).isThrownBy(() -> {
                for (int block = 0; block < 64; block++) {
                    write(session, 64 * block, 64 * block + 64, 1);
                }
            }).withMessageContaining("alisa.memory.fast").withMessageContaining("alisa.memory.slow is 0");
        }
        assertThat(ram.fast().reserved()).isZero();
    }

    @Test
    void aFullFileIsSaid() {
        KvMemory small = new KvMemory(new MemoryBudget(20 * BLOCK), new MemoryBudget(BLOCK), MemoryFile::new);
        try (KvSession session = new KvSession(LAYOUT, 1, 4096, false, small)) {
            assertThatExceptionOfType(MemoryFullException.class).isThrownBy(() -> {
                for (int block = 0; block < 64; block++) {
                    write(session, 64 * block, 64 * block + 64, 1);
                }
            }).withMessageContaining("alisa.memory.slow is reached");
        }
        assertThat(small.slow().reserved()).isZero();
    }
}
