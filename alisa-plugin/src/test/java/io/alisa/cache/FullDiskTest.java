package io.alisa.cache;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;

import io.alisa.tier.MemoryBudget;
import io.alisa.tier.MemoryFile;
import org.junit.jupiter.api.Test;

/** A disk that is full for a moment costs that moment. */
class FullDiskTest {
    private static final KvLayout LAYOUT = new KvLayout(KvFormat.INT8, 2, 64);
    private static final int BLOCKS = 100;

    private final MemoryBudget slow = MemoryBudget.unlimited();
    private String failing = "";
    private int failures;
    private final KvMemory memory = new KvMemory(MemoryBudget.unlimited(), slow, () -> {
        fail("make");
        return new MemoryFile((call, bytes) -> fail(call));
    });

    private void fail(String call) throws IOException {
        if (call.equals(failing)) {
            failures++;
            throw new IOException("No space left on device");
        }
    }

    private KvSession session() {
        KvSession session = new KvSession(LAYOUT, 2, 10_000, false, memory);
        for (int i = 0; i < 2; i++) {
            session.layer(i).resize(0, BLOCKS * KvLayout.BLOCK_TOKENS);
            session.layer(i).settle();
        }
        session.rest();
        return session;
    }

    private void giveBack(KvSession session, String call) {
        long held = session.bytes();
        failing = call;
        session.giveBack(held / 4);
        assertThat(session.bytes()).as("nowhere to go").isEqualTo(held);
        failing = "";
        session.giveBack(held / 4);
    }

    @Test
    void whatCouldNotGrowGrowsLater() {
        try (KvSession session = session()) {
            giveBack(session, "reserve");
            assertThat(session.demotedBlocks()).isPositive();
            assertThat(slow.reserved()).isEqualTo(session.slowBytes()).isPositive();
        }
    }

    @Test
    void whatCouldNotBeMadeIsMadeLater() {
        try (KvSession session = session()) {
            giveBack(session, "make");
            assertThat(session.demotedBlocks()).isPositive();
        }
    }

    @Test
    void whatCouldNotBeWrittenToIsLeftAlone() {
        try (KvSession session = session()) {
            giveBack(session, "write");
            assertThat(session.demotedBlocks()).isZero();
        }
    }

    /** A file that has no room for one block has none for the others. */
    @Test
    void itIsNotAskedForEachBlock() {
        try (KvSession session = session()) {
            failing = "reserve";
            session.giveBack(session.bytes() / 4);
            assertThat(failures).isEqualTo(1);
        }
    }
}
