package io.alisa.host.jlama;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.ForkJoinTask;
import java.util.concurrent.ForkJoinWorkerThread;
import java.util.concurrent.atomic.AtomicReference;

import com.github.tjake.jlama.util.PhysicalCoreExecutor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ParallelLoopsTest {
    private static final PhysicalCoreExecutor EXECUTOR = PhysicalCoreExecutor.instance.get();

    /**
     * A worker that has been stolen from waits for a loop, while the thief has something in its queue and is blocked, as one is
     * that waits for the model.
     */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    @Timeout(60)
    void whoWaitsForALoopDoesNothingElse(boolean ours) {
        try (ForkJoinPool pool = new ForkJoinPool(2)) {
            boolean nested = pool.submit(() -> {
                Thread worker = Thread.currentThread();
                AtomicReference<Thread> other = new AtomicReference<>();
                CountDownLatch stolen = new CountDownLatch(1);
                CountDownLatch end = new CountDownLatch(1);
                var _ = ForkJoinTask.adapt(() -> {
                    var _ = ForkJoinTask.adapt(() -> other.set(Thread.currentThread())).fork();
                    stolen.countDown();
                    end.await();
                    return null;
                }).fork();
                stolen.await();
                Runnable loop = () -> {
                    while (worker.getState() == Thread.State.RUNNABLE && other.get() == null) {
                        Thread.onSpinWait();
                    }
                };
                if (ours) {
                    assertThat(ParallelLoops.run(EXECUTOR, loop)).isTrue();
                } else {
                    EXECUTOR.execute(loop);
                }
                boolean isNested = worker.equals(other.get());
                end.countDown();
                return isNested;
            }).join();
            assertThat(nested).as("the host's own way is what we are here for").isEqualTo(!ours);
        }
    }

    @Test
    void itRunsOnTheHostsWorkers() {
        AtomicReference<ForkJoinPool> where = new AtomicReference<>();
        try (ForkJoinPool pool = new ForkJoinPool(1)) {
            assertThat(pool.submit(() -> ParallelLoops.run(EXECUTOR,
                    () -> where.set(((ForkJoinWorkerThread) Thread.currentThread()).getPool()))).join()).isTrue();
            assertThat(Objects.requireNonNull(where.get())).isSameAs(JlamaAccess.pool(EXECUTOR)).isNotSameAs(pool);
            assertThatThrownBy(() -> pool.submit(() -> ParallelLoops.run(EXECUTOR, () -> {
                throw new UnsupportedOperationException("this one");
            })).join()).isInstanceOf(UnsupportedOperationException.class).hasMessageContaining("this one");
        }
    }

    @Test
    void othersAreLeftToTheHost() {
        Runnable never = () -> {
            throw new AssertionError("the host's");
        };
        assertThat(ParallelLoops.run(EXECUTOR, never)).as("an ordinary thread").isFalse();
        assertThat(JlamaAccess.pool(EXECUTOR).submit(() -> ParallelLoops.run(EXECUTOR, never)).join())
                .as("a loop in a loop").isFalse();
    }
}
