package io.alisa.sparse;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

import io.alisa.attention.AttentionShape;
import io.alisa.attention.Teams;
import io.alisa.attention.VectorKernels;
import io.alisa.cache.BlockReader;
import io.alisa.cache.KvFormat;
import io.alisa.cache.KvLayer;
import io.alisa.cache.KvLayout;
import io.alisa.cache.KvMemory;
import io.alisa.tier.MemoryBudget;
import io.alisa.tier.MemoryFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tokens that are attended again and again stay in RAM while their blocks do not. */
class HotTokensTest {
    private static final int LENGTH = 2_200;
    private static final int BLOCKS = LENGTH / KvLayout.BLOCK_TOKENS;
    private static final int STEPS = 250;
    private static final double RATIO = 0.03;

    private static TieredRun run(AttentionShape shape, int layers, String policy, KvMemory memory, int threads,
            long seed) {
        return new TieredRun(shape, layers, policy, RATIO, memory, new VectorKernels(), Teams.of(threads), seed);
    }

    private static long readers(AttentionShape shape) {
        return 4 * BlockReader.RUN * new KvLayout(KvFormat.INT8, 1, shape.headSize()).headBytes();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11})
    void sayTheSame(int seed) {
        Random random = new Random(seed);
        AttentionShape shape = new AttentionShape(1 + random.nextInt(3), 1 + random.nextInt(3), 4 + random.nextInt(36),
                0);
        String policy = seed % 3 == 1 ? "strided" : "swa";
        boolean deletes = seed >= 9;
        int layers = deletes ? 7 : 2;
        List<float[]> expected = new ArrayList<>();
        long held;
        try (TieredRun run = run(shape, layers, policy, KvMemory.unlimited(), 2, seed)) {
            expected.addAll(run.talk(LENGTH, 0, r -> {
            }));
            held = run.kv.bytes();
            run.askTheSame();
            expected.addAll(run.talk(0, STEPS, r -> {
            }));
        }
        MemoryBudget fast = new MemoryBudget(held + readers(shape));
        MemoryBudget slow = new MemoryBudget(deletes ? held / 2 : Long.MAX_VALUE);
        KvMemory memory = new KvMemory(fast, slow, MemoryFile::new);
        try (TieredRun run = run(shape, layers, policy, memory, 1 + seed % 3, seed)) {
            List<float[]> actual = new ArrayList<>(run.talk(LENGTH, 0, r -> {
            }));
            run.askTheSame();
            squeeze(run, fast, held, 0.5);
            int[] most = new int[1];
            actual.addAll(run.talk(0, STEPS, r -> {
                most[0] = Math.max(most[0], r.kv.hotTokens());
                if (random.nextInt(200) == 0) {
                    squeeze(r, fast, held, 0.3 + 0.7 * random.nextDouble());
                } else if (random.nextInt(400) == 0) {
                    fast.setCap(held + readers(shape));
                }
            }));
            assertThat(most[0]).as("hot tokens").isPositive();
            assertThat(actual).hasSameSizeAs(expected);
            for (int i = 0; i < actual.size(); i++) {
                assertThat(actual.get(i)).as("%s, output %s", policy, i).isEqualTo(expected.get(i));
            }
        } finally {
            assertThat(fast.reserved()).as("left over").isZero();
            assertThat(slow.reserved()).as("left over in the file").isZero();
        }
    }

    /** Others ask for a part of what the session holds, and most of that stays theirs. */
    private static void squeeze(TieredRun run, MemoryBudget fast, long held, double part) {
        run.kv.giveBack(fast.free() + (long) (held * part));
        fast.setCap(run.kv.bytes() + readers(run.shape()) + held / 16);
    }

    /** A conversation that asks the same from now on, and of which a part is in the file. */
    private static TieredRun beginning(AttentionShape shape, MemoryBudget fast) {
        TieredRun run = run(shape, 1, "swa", new KvMemory(fast, MemoryBudget.unlimited(), MemoryFile::new), 2, 5);
        run.talkInOneBatch(LENGTH, r -> {
        });
        run.askTheSame();
        for (int i = 0; i < 2; i++) { // what the batch took goes, and what blocks are read with comes
            run.talk(0, 1, r -> {
            });
            run.kv.giveBack(run.kv.bytes() / 3);
        }
        return run;
    }

    /** What they are for. */
    @Test
    void saveReading() {
        AttentionShape shape = new AttentionShape(2, 2, 32, 0);
        MemoryBudget fast = new MemoryBudget(Long.MAX_VALUE);
        try (TieredRun run = beginning(shape, fast)) {
            fast.setCap(run.kv.bytes() + (1 << 18)); // for the floats of a small batch
            long first = loaded(run);
            loaded(run);
            loaded(run);
            assertThat(run.kv.hotTokens()).isPositive();
            assertThat(loaded(run)).as("bytes read in some steps, after as many others").isLessThan(first / 4);
            assertThat(fast.reserved()).isLessThanOrEqualTo(fast.cap());
            fast.setCap(Long.MAX_VALUE);
            loaded(run);
            loaded(run);
            loaded(run);
            assertThat(run.kv.layer(0).isAllResident()).as("there is room again").isTrue();
            assertThat(run.kv.hotTokens()).isZero();
        }
    }

    /** What is read ahead: what the step before read. */
    @Test
    void whatTheNextStepReadsIsForeseen() {
        AttentionShape shape = new AttentionShape(2, 2, 32, 0);
        MemoryBudget fast = new MemoryBudget(Long.MAX_VALUE);
        try (TieredRun run = beginning(shape, fast)) {
            fast.setCap(run.kv.bytes() + (1 << 14)); // for what is known of hot tokens
            KvLayer layer = run.kv.layer(0);
            int most = 0;
            int exact = 0;
            for (int i = 0; i < 20; i++) {
                run.goBackTo(LENGTH, r -> {
                });
                int foreseen = wanted(layer, shape.kvHeads());
                long before = run.kv.loadedBytes();
                run.goBackTo(LENGTH, r -> {
                });
                most = Math.max(most, foreseen);
                exact += run.kv.loadedBytes() - before == foreseen * layer.layout().headBytes() ? 1 : 0;
            }
            assertThat(most).as("pieces, far fewer than all").isBetween(1, BLOCKS * shape.kvHeads() * 3 / 4);
            assertThat(exact).as("of 20 steps; in some blocks change places, or all are read for a sample")
                    .isGreaterThanOrEqualTo(12);
        }
    }

    /** Pieces that the last step did not do without. */
    private static int wanted(KvLayer layer, int kvHeads) {
        int wanted = 0;
        for (int head = 0; head < kvHeads; head++) {
            for (int block = 0; block < BLOCKS; block++) {
                wanted += layer.isResident(block) || layer.hot().wasSpared(head, block) ? 0 : 1;
            }
        }
        return wanted;
    }

    private static long loaded(TieredRun run) {
        long before = run.kv.loadedBytes();
        run.talk(0, 60, r -> {
        });
        return run.kv.loadedBytes() - before;
    }
}
