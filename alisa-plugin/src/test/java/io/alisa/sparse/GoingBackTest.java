package io.alisa.sparse;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.List;
import java.util.Random;

import io.alisa.attention.AttentionShape;
import io.alisa.attention.Teams;
import io.alisa.attention.VectorKernels;
import io.alisa.cache.KvFormat;
import io.alisa.cache.KvLayout;
import io.alisa.cache.KvMemory;
import io.alisa.tier.MemoryBudget;
import io.alisa.tier.MemoryFile;
import io.alisa.tier.MemoryFullException;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The host goes back into a block of the prompt while parts of it are deleted and there is hardly any room. */
class GoingBackTest {
    private static final AttentionShape SHAPE = new AttentionShape(4, 2, 32, 0);
    private static final int LAYERS = 8;
    private static final int LENGTH = 1200;
    private static final long BLOCK = new KvLayout(KvFormat.INT8, 2, 32).blockBytes();

    private final MemoryBudget fast = new MemoryBudget(Long.MAX_VALUE);

    private static TieredRun run(MemoryBudget fast) {
        return run(fast, new MemoryBudget(0));
    }

    private static TieredRun run(MemoryBudget fast, MemoryBudget slow) {
        TieredRun run = new TieredRun(SHAPE, LAYERS, null, 1, new KvMemory(fast, slow, MemoryFile::new),
                new VectorKernels(), Teams.of(2), 7);
        run.talk(LENGTH, 0, r -> {
        });
        return run;
    }

    private static List<float[]> goBack(TieredRun run, int position) {
        return goBack(run, position, 1);
    }

    private static List<float[]> goBack(TieredRun run, int position, int count) {
        run.goBackTo(position, count, r -> {
        });
        return List.copyOf(run.stepOutputs());
    }

    /** There are fewer free frames than the block has layers: what makes room must not be the block itself. */
    @ParameterizedTest
    @CsvSource({"0,70", "1,100", "1,300", "2,200", "3,70", "3,300"})
    void whatIsAboutToChangeIsNotDeleted(int frames, int position) {
        try (TieredRun ample = run(MemoryBudget.unlimited()); TieredRun tight = run(fast)) {
            tight.kv.giveBack(fast.reserved() / 2);
            fast.setCap(fast.reserved() + frames * BLOCK);
            assertThat(tight.kv.deletedTokens()).isPositive();
            for (int at : List.of(position, position + 1, position - 40)) {
                List<float[]> expected = goBack(ample, at);
                assertThat(goBackWithMoreRoomIfNeedBe(tight, at)).as("at %s", at)
                        .usingElementComparator(Arrays::compare).isEqualTo(expected);
            }
        }
        assertThat(fast.reserved()).isZero();
    }

    /** What lay behind the position is lost in all layers, also in those that the step did not come to. */
    @ParameterizedTest
    @CsvSource({"300, false", "640, false", "640, true"})
    void aStepThatFailedOnItsWayBackIsNoHindrance(int position, boolean pinned) {
        try (TieredRun ample = run(MemoryBudget.unlimited()); TieredRun tight = run(fast)) {
            tight.kv.giveBack(fast.reserved() / 2);
            assertThat(tight.kv.deletedTokens()).isPositive();
            fast.setCap(fast.reserved() + BLOCK);
            assertThatThrownBy(() -> tight.goBackTo(640, 512, r -> {
            })).isInstanceOf(MemoryFullException.class);
            fast.setCap(Long.MAX_VALUE);
            if (pinned) {
                tight.kv.pin(100, 300);
            }
            for (int again = 0; again < 2; again++) {
                assertThat(goBack(tight, position)).usingElementComparator(Arrays::compare)
                        .isEqualTo(goBack(ample, position));
            }
        }
        assertThat(fast.reserved()).isZero();
    }

    /**
     * Steps on and back, many of which fail once or more; then they are tried again, or the host goes back further. What the
     * layers before the failure had of the block at hand is rounded to eight bits then.
     */
    @ParameterizedTest
    @CsvSource({"0", "300000"})
    void whateverFails(long file) {
        int failures = 0;
        for (long seed = 0; seed < 4; seed++) {
            Random random = new Random(seed);
            MemoryBudget slow = new MemoryBudget(file);
            try (TieredRun ample = run(MemoryBudget.unlimited(), new MemoryBudget(0));
                    TieredRun tight = run(fast, slow)) {
                int end = LENGTH;
                for (int step = 0; step < 10; step++) {
                    int start = random.nextInt(3) == 0 ? end : 1 + random.nextInt(end);
                    int count = random.nextBoolean() ? 1 : 1 + random.nextInt(300);
                    if (random.nextInt(2) == 0) {
                        tight.kv.giveBack(random.nextLong(1 + fast.reserved()));
                    }
                    List<float[]> expected = goBack(ample, start, count);
                    List<float[]> actual = null;
                    for (fast.setCap(fast.reserved() + random.nextInt(4) * BLOCK); actual == null;) {
                        try {
                            actual = goBack(tight, start, count);
                        } catch (MemoryFullException e) {
                            failures++;
                            fast.setCap(fast.cap() + 8 * BLOCK);
                            if (random.nextInt(4) == 0) {
                                start = 1 + random.nextInt(start);
                                count = 1 + random.nextInt(100);
                                expected = goBack(ample, start, count);
                            }
                        }
                    }
                    for (int layer = 0; layer < LAYERS; layer++) {
                        assertThat(TieredRun.difference(actual.get(layer), expected.get(layer)))
                                .as("seed %s, step %s at %s, layer %s", seed, step, start, layer).isLessThan(0.03);
                    }
                    end = start + count;
                    fast.setCap(Long.MAX_VALUE);
                }
            }
            assertThat(fast.reserved()).isZero();
            assertThat(slow.reserved()).isZero();
        }
        assertThat(failures).isGreaterThan(15);
    }

    /** Where there is too little for a step, one is told so, and it goes on once there is more. */
    private List<float[]> goBackWithMoreRoomIfNeedBe(TieredRun run, int position) {
        try {
            return goBack(run, position);
        } catch (MemoryFullException e) {
            fast.setCap(fast.cap() + (1 << 20));
            return goBack(run, position);
        }
    }
}
