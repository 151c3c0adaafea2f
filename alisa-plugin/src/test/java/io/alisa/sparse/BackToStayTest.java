package io.alisa.sparse;

import static org.assertj.core.api.Assertions.assertThat;

import io.alisa.attention.AttentionShape;
import io.alisa.attention.VectorKernels;
import io.alisa.cache.KvMemory;
import io.alisa.parallel.WorkerTeam;
import io.alisa.tier.MemoryAccount;
import io.alisa.tier.MemoryBudget;
import io.alisa.tier.MemoryFile;
import org.junit.jupiter.api.Test;

/** What was deleted and computed again stays where there is room for it. */
class BackToStayTest {
    private static final AttentionShape SHAPE = new AttentionShape(2, 2, 16, 0);
    private static final int LENGTH = 2000;

    private final MemoryBudget fast = new MemoryBudget(Long.MAX_VALUE);
    private final KvMemory memory = new KvMemory(fast, new MemoryBudget(0), MemoryFile::new);

    /** A conversation of which a part is deleted, and nothing more fits into RAM. */
    private TieredRun conversation() {
        TieredRun run = new TieredRun(SHAPE, 12, null, 1, memory, new VectorKernels(), WorkerTeam.shared(), 5);
        run.talk(LENGTH, 0, r -> {
        });
        run.kv.giveBack(fast.reserved() / 4);
        fast.setCap(fast.reserved());
        assertThat(run.kv.deletedTokens()).as("deleted at all").isPositive();
        return run;
    }

    private static void step(TieredRun run) {
        run.talk(LENGTH, 1, r -> {
        });
    }

    /** An account of that much, of a session that is kept; {@code gives} says whether it makes room. */
    private MemoryAccount kept(long bytes, boolean gives) {
        MemoryAccount kept = fast.open(wanted -> {
        });
        fast.setCap(fast.cap() + bytes);
        assertThat(kept.tryReserve(bytes)).isTrue();
        kept.setIdle(true);
        fast.setReclaimer((budget, wanted) -> {
            long given = gives ? Math.min(wanted, kept.reserved()) : 0;
            kept.release(given);
            return given > 0;
        });
        return kept;
    }

    @Test
    void nothingStaysWhereThereIsNoRoom() {
        try (TieredRun run = conversation()) {
            step(run);
            assertThat(run.kv.recomputedTokens()).isPositive();
            assertThat(run.kv.deletedTokens()).isPositive();
            assertThat(fast.reserved()).isLessThanOrEqualTo(fast.cap());
        }
    }

    /** An open session never waits for want of what is kept. */
    @Test
    void keptSessionsMakeRoomForIt() {
        try (TieredRun run = conversation(); MemoryAccount kept = kept(1 << 25, true)) {
            step(run);
            assertThat(run.kv.deletedTokens()).isZero();
            assertThat(kept.reserved()).as("no more than is needed").isBetween(1L << 24, (1L << 25) - 1);
            assertThat(fast.reserved()).isLessThanOrEqualTo(fast.cap());
        }
    }

    /** Somebody is saving the kept session: what counts as free may not be had. */
    @Test
    void whatKeptSessionsDoNotGiveIsDoneWithout() {
        try (TieredRun run = conversation(); MemoryAccount kept = kept(1 << 25, false)) {
            long deletions = run.kv.deletions();
            step(run);
            assertThat(run.kv.deletedTokens()).isPositive();
            assertThat(run.kv.deletions()).as("nothing else makes room for it").isEqualTo(deletions);
            assertThat(kept.reserved()).isEqualTo(1 << 25);
            assertThat(fast.reserved()).isLessThanOrEqualTo(fast.cap());
        }
    }
}
