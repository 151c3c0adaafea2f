package io.alisa.sparse;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

import io.alisa.attention.AttentionShape;
import io.alisa.attention.Teams;
import io.alisa.attention.VectorKernels;
import io.alisa.cache.KvMemory;
import io.alisa.tier.MemoryBudget;
import io.alisa.tier.MemoryFile;
import io.alisa.tier.MemoryFullException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A file of which nothing, or a part, can be read any more: what is lost comes back at once. */
class LostFileTest {
    private static final AttentionShape SHAPE = new AttentionShape(2, 2, 16, 0);
    private static final int LAYERS = 4;
    private static final int BATCHES = 5;
    private static final int BATCH = 512;
    private static final int STEPS = 6;
    /** Enough to compute all again, and not to keep it. */
    private static final long ROOM = 600 << 10;

    private final MemoryBudget fast = new MemoryBudget(Long.MAX_VALUE);
    private final MemoryBudget slow = new MemoryBudget(Long.MAX_VALUE);
    /** From where on nothing can be read. */
    private long lostFrom = Long.MAX_VALUE;

    @AfterEach
    void nothingIsLeft() {
        assertThat(fast.reserved()).isZero();
        assertThat(slow.reserved()).isZero();
    }

    private static TieredRun prompted(String policy, KvMemory memory) {
        TieredRun run = new TieredRun(SHAPE, LAYERS, policy.equals("none") ? null : policy, 0.3, memory,
                new VectorKernels(), Teams.of(2), 11);
        run.talkInBatches(BATCHES, BATCH);
        return run;
    }

    /** Steps behind the prompt, and what they say. */
    private static List<float[]> decode(TieredRun run) {
        List<float[]> said = new ArrayList<>();
        for (int i = 0; i < STEPS; i++) {
            run.talkInBatches(1, 1);
            said.addAll(run.stepOutputs());
        }
        return said;
    }

    private static void check(List<float[]> said, String policy) {
        try (TieredRun undisturbed = prompted(policy, KvMemory.unlimited())) {
            List<float[]> right = decode(undisturbed);
            while (right.size() < said.size()) {
                right.addAll(decode(undisturbed));
            }
            assertThat(said).hasSameSizeAs(right);
            for (int i = 0; i < said.size(); i++) {
                assertThat(said.get(i)).as("output %s", i).isEqualTo(right.get(i));
            }
        }
    }

    private final class LosingFile extends MemoryFile {
        @Override
        public synchronized void read(long position, ByteBuffer target) throws IOException {
            if (position >= lostFrom) {
                throw new IOException("The disk is gone");
            }
            super.read(position, target);
        }
    }

    /** All that can be is in the file, of which only a share can be read from now on. */
    private TieredRun lost(String policy, double readable) {
        TieredRun run = prompted(policy, new KvMemory(fast, slow, LosingFile::new));
        run.kv.giveBack(Long.MAX_VALUE / 2);
        assertThat(run.kv.slowBytes()).isPositive();
        assertThat(run.begunStates()).isZero();
        lostFrom = (long) (readable * run.kv.slowBytes());
        return run;
    }

    @ParameterizedTest
    @ValueSource(strings = {"none", "swa", "h2o"})
    void oneReplayBringsAllBack(String policy) {
        try (TieredRun run = lost(policy, 0)) {
            List<float[]> said = decode(run);
            assertThat(run.begunStates()).as("each batch once").isEqualTo(BATCHES);
            assertThat(run.kv.deletedTokens()).isZero();
            check(said, policy);
        }
    }

    /** As where tokens were deleted for want of room: each step computes them once. */
    @ParameterizedTest
    @ValueSource(strings = {"none", "swa"})
    void whereThereIsNoRoomItIsOneReplayAStep(String policy) {
        try (TieredRun run = lost(policy, 0)) {
            fast.setCap(fast.reserved() + ROOM);
            List<float[]> said = decode(run);
            assertThat(run.begunStates()).isEqualTo(STEPS * BATCHES);
            assertThat(run.kv.deletedTokens()).isPositive();
            assertThat(fast.reserved()).isLessThanOrEqualTo(fast.cap());
            check(said, policy);
        }
    }

    /** What nobody could compute again for want of room, and the host went back before, is no deletion any more. */
    @Test
    void whatIsNotNeededAnyMoreIsNotMissed() {
        try (TieredRun run = lost("none", 0)) {
            for (fast.setCap(fast.reserved()); run.kv.deletedTokens() == 0; fast.setCap(fast.cap() + (8 << 10))) {
                assertThatThrownBy(() -> decode(run)).isInstanceOf(MemoryFullException.class);
            }
            fast.setCap(Long.MAX_VALUE);
            run.goBackTo(0, 400, r -> {
            });
            run.goBackTo(400, r -> {
            });
            assertThat(run.kv.deletedTokens()).isZero();
            assertThat(run.kv.wholeTokens()).isGreaterThanOrEqualTo(384);
        }
    }

    /** It would be lost at once. */
    @Test
    void nothingMoreGoesThere() {
        try (TieredRun run = lost("none", 0)) {
            List<float[]> said = decode(run);
            long stored = run.kv.storedBytes();
            run.kv.giveBack(run.kv.bytes() / 4);
            assertThat(run.kv.storedBytes()).isEqualTo(stored);
            said.addAll(decode(run));
            assertThat(run.begunStates()).as("no batch again").isEqualTo(BATCHES);
            check(said, "none");
        }
    }

    /** A part of the disk: the rest is read as ever, and the file goes on. */
    @ParameterizedTest
    @ValueSource(strings = {"none", "swa"})
    void whatCanBeReadIsNotComputedAgain(String policy) {
        try (TieredRun run = lost(policy, 0.5)) {
            List<float[]> said = decode(run);
            assertThat(run.begunStates()).isPositive().isLessThanOrEqualTo(BATCHES);
            assertThat(run.kv.deletedTokens()).isZero();
            long stored = run.kv.storedBytes();
            run.kv.giveBack(Long.MAX_VALUE / 2);
            assertThat(run.kv.storedBytes()).isGreaterThan(stored);
            check(said, policy);
        }
    }
}
