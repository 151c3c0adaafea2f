package io.alisa.cache;

import static org.assertj.core.api.Assertions.assertThat;

import io.alisa.tier.MemoryAccount;
import io.alisa.tier.MemoryBudget;
import io.alisa.tier.MemoryFile;
import org.junit.jupiter.api.Test;

/** What is attended most is in RAM. */
class KvBalanceTest {
    private static final KvLayout LAYOUT = new KvLayout(KvFormat.INT8, 2, 64);
    private static final int BLOCKS = 40;
    private static final int STEPS = 2_000;

    private final MemoryBudget fast = new MemoryBudget(Long.MAX_VALUE);
    private final KvMemory memory = new KvMemory(fast, MemoryBudget.unlimited(), MemoryFile::new);

    private KvSession session(int layers) {
        KvSession session = new KvSession(LAYOUT, layers, 4096, false, memory);
        for (int i = 0; i < layers; i++) {
            session.layer(i).resize(0, BLOCKS * KvLayout.BLOCK_TOKENS);
            session.layer(i).settle();
            session.layer(i).resize(BLOCKS * KvLayout.BLOCK_TOKENS, BLOCKS * KvLayout.BLOCK_TOKENS + 1); // gives staging back
            session.layer(i).settle();
        }
        return session;
    }

    /** Takes a buffer to read with. */
    private static void attend(KvLayer layer) {
        layer.pin();
        layer.unpin();
    }

    private static void useAllAlike(KvSession session) {
        for (int step = 0; step < STEPS; step++) {
            for (int block = 0; block < BLOCKS; block++) {
                session.layer(0).noteUse(block, 0.2f);
            }
            session.stepDone();
        }
    }

    private static int resident(KvLayer layer) {
        int count = 0;
        for (int block = 0; block < BLOCKS; block++) {
            count += layer.isResident(block) ? 1 : 0;
        }
        return count;
    }

    @Test
    void theMostUsedComeBackAndTheLeastUsedGo() {
        try (KvSession session = session(2)) {
            long held = session.bytes();
            session.giveBack(held / 2);
            fast.setCap(session.bytes() + 2 * BlockReader.RUN * LAYOUT.headBytes()); // a reader's buffer
            KvLayer layer = session.layer(1);
            attend(layer);
            assertThat(layer.isResident(3)).as("the oldest went first").isFalse();
            int before = resident(layer);
            for (int step = 0; step < STEPS; step++) {
                for (int block = 0; block < BLOCKS; block++) {
                    layer.noteUse(block, block == 3 || block == 5 ? 0.9f : 0.1f);
                }
                session.stepDone();
            }
            assertThat(layer.isResident(3)).isTrue();
            assertThat(layer.isResident(5)).isTrue();
            assertThat(resident(layer)).as("one for one, but where there was room").isBetween(before, before + 4);
            assertThat(fast.peak()).isGreaterThanOrEqualTo(held);
            assertThat(fast.reserved()).isLessThanOrEqualTo(fast.cap());
        }
    }

    @Test
    void equalsStayWhereTheyAre() {
        try (KvSession session = session(1)) {
            session.giveBack(session.bytes() / 2);
            fast.setCap(session.bytes());
            fast.setCap(session.bytes() + BlockReader.RUN * LAYOUT.headBytes());
            attend(session.layer(0));
            long moved = session.demotedBlocks();
            useAllAlike(session);
            assertThat(session.demotedBlocks()).isEqualTo(moved);
        }
    }

    /** Another session has ended: what it left free is used. */
    @Test
    void allComesBackWhenThereIsRoomAgain() {
        try (KvSession session = session(2)) {
            session.giveBack(session.bytes() / 2);
            fast.setCap(session.bytes());
            assertThat(session.layer(0).isAllResident()).isFalse();
            fast.setCap(Long.MAX_VALUE);
            attend(session.layer(0));
            for (int step = 0; step < STEPS; step++) {
                session.stepDone();
            }
            assertThat(session.layer(0).isAllResident()).isTrue();
            assertThat(session.layer(1).isAllResident()).isTrue();
        }
    }

    /** However many layers there are: each block that is not there is read again and again. */
    @Test
    void manyLayersComeBackWithinSomeSteps() {
        int layers = 16;
        try (KvSession session = session(layers)) {
            session.giveBack(session.bytes() / 2);
            attend(session.layer(0));
            for (int step = 0; step < 2 * layers; step++) {
                session.stepDone();
            }
            for (int layer = 0; layer < layers; layer++) {
                assertThat(session.layer(layer).isAllResident()).as("layer %s", layer).isTrue();
            }
        }
    }

    /** An idle session that somebody is saving counts as free, and gives nothing. */
    @Test
    void whatIdleSessionsDoNotGiveIsMovedOutOfTheWay() {
        try (KvSession session = session(2); MemoryAccount idle = fast.open(bytes -> {
        })) {
            assertThat(idle.tryReserve(1 << 26)).isTrue();
            idle.setIdle(true);
            fast.setReclaimer((budget, bytes) -> false);
            fast.setCap(fast.reserved());
            long moved = session.demotedBlocks();
            int start = BLOCKS * KvLayout.BLOCK_TOKENS + 1;
            session.layer(0).resize(start, start + 256);
            session.layer(0).settle();
            assertThat(session.demotedBlocks()).isGreaterThan(moved);
            assertThat(fast.reserved()).isLessThanOrEqualTo(fast.cap());
        }
    }

    @Test
    void nothingMovesOutSoThatAnotherBlockComesBack() {
        try (KvSession session = session(1); MemoryAccount idle = fast.open(bytes -> {
        })) {
            session.giveBack(session.bytes() / 2);
            attend(session.layer(0));
            assertThat(idle.tryReserve(1 << 26)).isTrue();
            idle.setIdle(true);
            fast.setReclaimer((budget, bytes) -> false);
            fast.setCap(fast.reserved());
            long moved = session.demotedBlocks();
            useAllAlike(session);
            assertThat(session.demotedBlocks()).isEqualTo(moved);
        }
    }

    /** What comes back is faster there; somebody else's conversation would have to be computed again. */
    @Test
    void nobodyGivesWaySoThatABlockComesBack() {
        try (KvSession session = session(1); MemoryAccount kept = fast.open(bytes -> {
        })) {
            session.giveBack(session.bytes() / 2);
            attend(session.layer(0));
            assertThat(kept.tryReserve(1 << 26)).isTrue();
            kept.setIdle(true);
            int[] asked = new int[1];
            fast.setReclaimer((budget, bytes) -> {
                asked[0]++;
                kept.release(Math.min(bytes, kept.reserved()));
                return true;
            });
            fast.setCap(fast.reserved());
            useAllAlike(session);
            assertThat(asked[0]).isZero();
            assertThat(kept.reserved()).isEqualTo(1 << 26);
        }
    }

    @Test
    void whatRestsHoldsNoBuffersToReadWith() {
        try (KvSession session = session(1)) {
            session.giveBack(session.bytes() / 2);
            session.serveReaders(3);
            long before = session.bytes();
            attend(session.layer(0));
            assertThat(session.bytes()).isEqualTo(before + 3 * BlockReader.RUN * LAYOUT.headBytes());
            session.rest();
            assertThat(session.bytes()).isEqualTo(before);
            attend(session.layer(0));
            assertThat(session.bytes()).isGreaterThan(before);
        }
    }
}
