package io.alisa.schedule;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.SplittableRandom;

import io.alisa.Allocation;
import io.alisa.Phase;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

class PhaseSchedulerTest {
    private static final ByteModel BYTES = ByteModel.ofSession(Models.LLAMA_1B, true);
    private static final long BLOCK = BYTES.blockBytes();

    /** A session that does as it is told. */
    private static final class Session {
        final PhaseScheduler scheduler;
        final long kept;
        final long fastCap;
        final long slowCap;
        int fastBlocks;
        int slowBlocks;
        int deleted;
        Phase phase = Phase.I;

        Session(Split split, @Nullable Recomputation by, long fastCap, long slowCap) {
            scheduler = new PhaseScheduler(split, BYTES, by);
            kept = by == null ? 0 : (long) (by.fastBytes(BYTES) * 64);
            this.fastCap = fastCap;
            this.slowCap = slowCap;
        }

        long fastBytes() {
            return fastBlocks * BLOCK + (fastBlocks + slowBlocks + deleted) * BYTES.digestBytes() + deleted * kept;
        }

        Occupancy occupancy(int blocks) {
            return new Occupancy((fastBlocks + slowBlocks + deleted + blocks) * 64,
                    blocks * (BLOCK + BYTES.digestBytes()), fastBytes(), fastCap, slowBlocks * BLOCK, slowCap,
                    slowBlocks, deleted,
                    Math.max(0, fastBlocks - 3), Math.max(0, fastBlocks + slowBlocks - 3));
        }

        /** Grows by some blocks; false when the caps can't hold them. */
        boolean grow(int blocks) {
            Decision decision = scheduler.decide(occupancy(blocks));
            assertThat(decision.blocksToDemote()).isBetween(0, Math.max(0, fastBlocks - 3));
            assertThat(decision.blocksToDelete()).isBetween(0, slowBlocks + decision.blocksToDemote());
            if (!decision.fits()) {
                assertThat(decision.blocksToDemote() + decision.blocksToDelete()).isZero();
                return false;
            }
            fastBlocks += blocks - decision.blocksToDemote();
            slowBlocks += decision.blocksToDemote() - decision.blocksToDelete();
            deleted += decision.blocksToDelete();
            assertThat(fastBytes()).isLessThanOrEqualTo(fastCap);
            assertThat(slowBlocks * BLOCK).isLessThanOrEqualTo(slowCap);
            assertThat(decision.phase()).isGreaterThanOrEqualTo(phase);
            assertThat(decision.phase())
                    .isEqualTo(deleted > 0 ? Phase.III : slowBlocks > 0 ? Phase.II : Phase.I);
            phase = decision.phase();
            return true;
        }
    }

    @Test
    void capsHoldAndPhasesGoForward() {
        int full = 0;
        int third = 0;
        for (int seed = 0; seed < 300; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            Recomputation by = random.nextBoolean() ? Recomputation.REPLAY : null;
            Split split = random.nextInt(3) == 0
                    ? Split.NONE
                    : new Split(random.nextDouble(), random.nextDouble(), random.nextInt(20_000),
                            random.nextInt(20_000));
            Session session = new Session(split, by, random.nextLong(4, 200) * BLOCK,
                    random.nextBoolean() ? 0 : random.nextLong(200) * BLOCK);
            int blocks = 0;
            boolean fits = true;
            while (fits && blocks < 500) {
                int more = random.nextInt(10) == 0 ? 1 + random.nextInt(16) : 1;
                fits = session.grow(more);
                blocks += more;
            }
            full += fits ? 0 : 1;
            third += session.phase == Phase.III ? 1 : 0;
        }
        assertThat(full).isGreaterThan(50);
        assertThat(third).isGreaterThan(50);
    }

    @Test
    void saysFullOnlyWhenItIs() {
        for (int seed = 0; seed < 200; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            Session session = new Session(Split.NONE, null, random.nextLong(8, 100) * BLOCK,
                    random.nextLong(100) * BLOCK);
            while (session.grow(1)) {
                // until it is full
            }
            long room = session.fastCap - session.fastBytes();
            boolean fastFull = room < BLOCK + BYTES.digestBytes();
            boolean slowFull = session.slowCap - session.slowBlocks * BLOCK < 2 * BLOCK || session.fastBlocks <= 4;
            assertThat(fastFull && slowFull).as("seed " + seed).isTrue();
        }
    }

    @Test
    void demotesInBatches() {
        Session session = new Session(Split.NONE, null, 128 * BLOCK, 10_000 * BLOCK);
        int moves = 0;
        for (int i = 0; i < 500; i++) {
            int before = session.slowBlocks;
            assertThat(session.grow(1)).isTrue();
            moves += session.slowBlocks > before ? 1 : 0;
            assertThat(session.slowBlocks - before).isIn(0, 8);
        }
        assertThat(moves).isPositive().isLessThanOrEqualTo(session.slowBlocks / 8);
    }

    @Test
    void followsThePlanBeforeTheCapsForceIt() {
        Session session = new Session(new Split(0.5, 0.25, 64 * 100, 64 * 200), Recomputation.REPLAY, 10_000 * BLOCK,
                10_000 * BLOCK);
        while (session.fastBlocks + session.slowBlocks + session.deleted < 400) {
            assertThat(session.grow(1)).isTrue();
        }
        assertThat(session.slowBlocks + session.deleted).isBetween(150 - 8, 150);
        assertThat(session.deleted).isEqualTo(50);
    }

    @Test
    void withoutASlowTierDemotedBlocksAreDeleted() {
        Session session = new Session(Split.NONE, Recomputation.REPLAY, 64 * BLOCK, 0);
        while (session.grow(1)) {
            assertThat(session.slowBlocks).isZero();
        }
        assertThat(session.deleted).isGreaterThan(10);
        assertThat(session.phase).isEqualTo(Phase.III);
    }

    @Test
    void aCutContextGoesBackAPhase() {
        PhaseScheduler scheduler = new PhaseScheduler(Split.NONE, BYTES, null);
        assertThat(scheduler.decide(new Occupancy(640, BLOCK, 10 * BLOCK, 100 * BLOCK, BLOCK, 100 * BLOCK, 1, 0, 7, 8))
                .phase()).isEqualTo(Phase.II);
        assertThat(scheduler.decide(new Occupancy(640, BLOCK, 10 * BLOCK, 100 * BLOCK, 0, 100 * BLOCK, 0, 0, 7, 8))
                .phase()).isEqualTo(Phase.I);
    }

    @Tag(Allocation.TAG)
    @Test
    void allocatesNothingWhereNothingIsToBeDone() {
        PhaseScheduler scheduler = new PhaseScheduler(Split.NONE, BYTES, Recomputation.REPLAY);
        Occupancy now = new Occupancy(640, BLOCK, 10 * BLOCK, 100 * BLOCK, 0, 100 * BLOCK, 0, 0, 7, 7);
        Allocation.assertNoneAfterAWhile(() -> scheduler.decide(now));
    }
}
