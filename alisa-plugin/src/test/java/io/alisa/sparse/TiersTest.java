package io.alisa.sparse;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;

import io.alisa.attention.AttentionShape;
import io.alisa.attention.Teams;
import io.alisa.attention.VectorKernels;
import io.alisa.cache.BlockReader;
import io.alisa.cache.KvFormat;
import io.alisa.cache.KvLayout;
import io.alisa.cache.KvMemory;
import io.alisa.tier.MemoryBudget;
import io.alisa.tier.MemoryFile;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Wherever the blocks are, the same is said. */
class TiersTest {
    private static final int SCHEDULES = 130;
    private static final List<String> POLICIES = List.of("none", "swa", "swa", "streaming-llm", "h2o", "swa-paper");

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3, 4, 5, 6, 7})
    void anyPlacementSaysTheSame(int part) {
        Figures figures = new Figures();
        for (int schedule = part * SCHEDULES; schedule < (part + 1) * SCHEDULES; schedule++) {
            compare(schedule, figures);
        }
        assertThat(figures.moved).as("blocks that moved").isGreaterThan(SCHEDULES);
        assertThat(figures.deletions).as("batches that were deleted").isGreaterThan(SCHEDULES / 4);
        assertThat(figures.recomputed).as("tokens that were computed again").isGreaterThan(SCHEDULES * 64L);
    }

    /** What happened in some schedules. */
    private static final class Figures {
        private long moved;
        private long deletions;
        private long recomputed;
    }

    private static void compare(long seed, Figures figures) {
        Random random = new Random(seed);
        AttentionShape shape = new AttentionShape(1 + random.nextInt(3), 1 + random.nextInt(3), 4 + random.nextInt(36),
                0);
        boolean deletes = seed % 3 != 0; // pays with many layers only
        int layers = deletes ? 7 + random.nextInt(3) : 1 + random.nextInt(4);
        String name = POLICIES.get(random.nextInt(POLICIES.size()));
        String policy = name.equals("none") ? null : name;
        double ratio = 0.1 + 0.8 * random.nextDouble();
        int length = 1 + random.nextInt(600);
        int steps = random.nextInt(30);
        List<float[]> expected;
        long held;
        try (TieredRun run = new TieredRun(shape, layers, policy, ratio, KvMemory.unlimited(), new VectorKernels(),
                Teams.of(2), seed)) {
            AtomicLong most = new AtomicLong();
            expected = run.talk(length, steps, r -> most.accumulateAndGet(r.kv.bytes(), Math::max));
            held = Math.max(most.get(), run.kv.bytes());
        }
        long readers = 4 * BlockReader.RUN * new KvLayout(KvFormat.INT8, 1, shape.headSize()).headBytes();
        MemoryBudget fast = new MemoryBudget(held + readers);
        long slow = !deletes ? Long.MAX_VALUE : random.nextBoolean() ? 0 : (long) (held * random.nextDouble());
        KvMemory memory = new KvMemory(fast, new MemoryBudget(slow), MemoryFile::new);
        try (TieredRun run = new TieredRun(shape, layers, policy, ratio, memory, new VectorKernels(),
                Teams.of(1 + (int) seed % 3),
                seed)) {
            List<float[]> actual = run.talk(length, steps, r -> squeeze(r, random, fast, held));
            assertThat(actual).as("seed %s, %s", seed, name).hasSameSizeAs(expected);
            for (int i = 0; i < actual.size(); i++) {
                assertThat(actual.get(i)).as("seed %s, %s, output %s", seed, name, i).isEqualTo(expected.get(i));
            }
            figures.moved += run.kv.demotedBlocks();
            figures.deletions += run.kv.deletions();
            figures.recomputed += run.kv.recomputedTokens();
            run.kv.close();
            assertThat(run.openStates()).as("batches still being computed").isZero();
        } finally {
            assertThat(fast.reserved()).as("left over").isZero();
            assertThat(memory.slow().reserved()).as("left over in the file").isZero();
        }
    }

    /** Another session asks for some, or all, of what this one holds. */
    private static void squeeze(TieredRun run, Random random, MemoryBudget fast, long held) {
        if (random.nextInt(3) == 0) {
            long wanted = random.nextBoolean() ? held : (long) (held * random.nextDouble());
            run.kv.giveBack(fast.free() + wanted);
        }
    }
}
