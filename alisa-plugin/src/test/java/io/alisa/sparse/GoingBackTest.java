package io.alisa.sparse;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.List;

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
        TieredRun run = new TieredRun(SHAPE, LAYERS, null, 1, new KvMemory(fast, new MemoryBudget(0), MemoryFile::new),
                new VectorKernels(), Teams.of(2), 7);
        run.talk(LENGTH, 0, r -> {
        });
        return run;
    }

    private static List<float[]> goBack(TieredRun run, int position) {
        run.goBackTo(position, r -> {
        });
        return run.stepOutputs();
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
