package io.alisa.sparse;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

import io.alisa.attention.AttentionShape;
import io.alisa.attention.Teams;
import io.alisa.attention.VectorKernels;
import io.alisa.cache.KvMemory;
import io.alisa.tier.DamagedPieceException;
import io.alisa.tier.FaultyFile;
import io.alisa.tier.FaultyFile.Fault;
import io.alisa.tier.MemoryBudget;
import io.alisa.tier.MemoryFullException;
import io.alisa.tier.RefusingBudget;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * One call of a session's file goes wrong, each in turn: what the session says is right, or one exception says why not,
 * and its neighbour in the same memory notices nothing.
 */
class FaultsTest {
    private static final AttentionShape SHAPE = new AttentionShape(2, 1, 64, 0);
    private static final int LAYERS = 3;
    private static final int LENGTH = 2000;
    private static final int STEPS = 6;
    /** About half of what both hold without a cap. */
    private static final long CAP = 4_200_000;
    private static final List<List<float[]>> RIGHT = List.of(undisturbed(0), undisturbed(1));

    private final List<FaultyFile> files = new ArrayList<>();

    private static TieredRun run(KvMemory memory, int which) {
        return new TieredRun(SHAPE, LAYERS, "swa", 0.3, memory, new VectorKernels(), Teams.of(2), 40 + which);
    }

    private static List<float[]> undisturbed(int which) {
        try (TieredRun run = run(KvMemory.unlimited(), which)) {
            return run.talk(LENGTH, STEPS, r -> {
                // nobody is near
            });
        }
    }

    /** A memory in which the session that makes its file first has the trouble. */
    private KvMemory memory(MemoryBudget fast, Fault fault, int at) {
        files.clear();
        return new KvMemory(fast, new MemoryBudget(Long.MAX_VALUE), () -> {
            FaultyFile file = files.isEmpty() ? new FaultyFile(fault, at) : new FaultyFile(Fault.NOTHING, 0);
            files.add(file);
            return file;
        });
    }

    /** A conversation until it ends or fails. */
    private static final class Talk {
        final int which;
        final List<float[]> said = new ArrayList<>();
        @Nullable
        TieredRun run;
        @Nullable
        RuntimeException failure;

        Talk(KvMemory memory, int which) {
            this.which = which;
            attempt(() -> {
                TieredRun made = run(memory, which);
                run = made;
                made.plan(LENGTH, STEPS);
            });
        }

        private void attempt(Runnable action) {
            try {
                action.run();
            } catch (MemoryFullException | DamagedPieceException | IllegalStateException e) {
                failure = e;
                close();
            }
        }

        boolean next() {
            TieredRun talking = run;
            boolean[] more = {false};
            if (talking != null) {
                attempt(() -> {
                    more[0] = talking.next(r -> {
                        // the other's turn comes after the step
                    });
                    if (more[0]) {
                        said.addAll(talking.stepOutputs());
                    }
                });
            }
            return more[0] && failure == null;
        }

        void close() {
            TieredRun open = run;
            run = null;
            if (open != null) {
                open.close();
            }
        }

        /** What it said until it failed, if it did. */
        void check(String as) {
            List<float[]> right = RIGHT.get(which);
            if (failure == null) {
                assertThat(said).as(as).hasSameSizeAs(right);
            } else {
                assertThat(failure.getMessage()).as(as).containsAnyOf("slow tier", "KV memory is full");
            }
            for (int i = 0; i < said.size(); i++) {
                assertThat(said.get(i)).as("%s, output %s", as, i).isEqualTo(right.get(i));
            }
        }
    }

    /** Both talk in turn. The first one may fail. */
    private static List<Talk> talk(KvMemory memory, String as) {
        Talk first = new Talk(memory, 0);
        Talk second = new Talk(memory, 1);
        boolean more = true;
        while (more) {
            more = first.next();
            more = second.next() || more;
        }
        first.check(as + ", first");
        second.check(as + ", second");
        first.close();
        second.close();
        assertThat(memory.fast().reserved()).as("%s: left over", as).isZero();
        assertThat(memory.slow().reserved()).as("%s: left over in files", as).isZero();
        assertThat(memory.fast().peak()).as("%s: cap", as).isLessThanOrEqualTo(CAP);
        return List.of(first, second);
    }

    @ParameterizedTest
    @EnumSource
    void oneCallGoesWrong(Fault fault) {
        int failures = 0;
        for (int at = 0;; at += 1 + at / 12) {
            String as = fault + " " + at;
            List<Talk> talks = talk(memory(new MemoryBudget(CAP), fault, at), as);
            assertThat(files).as(as).isNotEmpty().allMatch(FaultyFile::isClosed);
            assertThat(talks.get(1).failure).as("%s, the neighbour", as).isNull();
            failures += talks.get(0).failure == null ? 0 : 1;
            if (!files.getFirst().hasStruck()) {
                assertThat(talks.get(0).failure).as("%s, nothing happened", as).isNull();
                break;
            }
        }
        assertThat(failures).as("failures").isLessThanOrEqualTo(fault == Fault.NOTHING ? 0 : Integer.MAX_VALUE);
    }

    @Test
    void aFileThatCannotBeMadeIsSaidWithItsReason() {
        KvMemory memory = new KvMemory(new MemoryBudget(CAP / 3), new MemoryBudget(Long.MAX_VALUE), () -> {
            throw new IOException("Nothing can be made in '/nowhere'");
        });
        try (TieredRun run = run(memory, 0)) {
            assertThat(failureOf(run)).hasMessageContaining("/nowhere").hasMessageContaining("alisa.memory.slow-dir");
        }
        assertThat(memory.fast().reserved()).isZero();
    }

    private static MemoryFullException failureOf(TieredRun run) {
        try {
            run.talk(LENGTH, STEPS, r -> {
                // nobody is near
            });
        } catch (MemoryFullException e) {
            return e;
        }
        throw new AssertionError("It did not fail");
    }

    /** A refusal is as good as no memory at that moment, whoever asks for whatever it is. */
    @Test
    void memoryIsRefusedOnce() {
        RefusingBudget counting = new RefusingBudget(CAP, -1);
        talk(memory(counting, Fault.NOTHING, 0), "none refused");
        assertThat(counting.calls()).isGreaterThan(20);
        for (int at = 0; at < counting.calls(); at++) {
            String as = "request " + at;
            List<Talk> talks = talk(memory(new RefusingBudget(CAP, at), Fault.NOTHING, 0), as);
            assertThat(talks.stream().filter(t -> t.failure != null).count()).as(as).isLessThanOrEqualTo(1);
        }
    }

    /**
     * A step that could not be read back may be the next time. Floats of a block that a batch had left behind already are
     * eight bits then.
     */
    @ParameterizedTest
    @EnumSource(names = {"READ", "SHORT_READ", "FLIPPED_BIT"})
    void aFailedStepCanBeRepeated(Fault fault) {
        int repeated = 0;
        for (int at = 0; at < 400; at += 1 + at / 8) {
            try (TieredRun run = run(memory(new MemoryBudget(CAP / 2), fault, at), 0)) {
                run.forbidRecomputing();
                run.plan(LENGTH, STEPS);
                List<float[]> said = new ArrayList<>();
                for (boolean more = true; more;) {
                    try {
                        more = run.next(r -> {
                            // nobody is near
                        });
                    } catch (DamagedPieceException | IllegalStateException e) {
                        repeated++;
                        run.repeat(r -> {
                            // nobody is near
                        });
                    }
                    if (more) {
                        said.addAll(run.stepOutputs());
                    }
                }
                assertThat(said).hasSameSizeAs(RIGHT.getFirst());
                for (int i = 0; i < said.size(); i++) {
                    assertThat(TieredRun.difference(said.get(i), RIGHT.getFirst().get(i)))
                            .as("%s %s, output %s", fault, at, i)
                            .isLessThan(0.01);
                }
            }
        }
        assertThat(repeated).isPositive();
    }
}
