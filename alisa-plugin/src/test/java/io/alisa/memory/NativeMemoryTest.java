package io.alisa.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.atomic.AtomicBoolean;

import org.junit.jupiter.api.Test;

class NativeMemoryTest {
    /** Whoever waits for memory may be in the middle of a step: other tasks of the application are not done in there. */
    @Test
    void aWorkerOfAPoolDoesNothingElseMeanwhile() {
        try (ForkJoinPool pool = new ForkJoinPool(1)) {
            boolean nested = pool.submit(() -> {
                Thread worker = Thread.currentThread();
                AtomicBoolean other = new AtomicBoolean();
                var _ = CompletableFuture.runAsync(() -> other.set(true), pool);
                return NativeMemory.call(() -> {
                    while (worker.getState() == Thread.State.RUNNABLE && !other.get()) {
                        Thread.onSpinWait();
                    }
                    return other.get();
                });
            }).join();
            assertThat(nested).isFalse();
        }
    }

    @Test
    void anInterruptIsKeptForLater() {
        Thread.currentThread().interrupt();
        assertThat(NativeMemory.call(() -> 5)).isEqualTo(5);
        assertThat(Thread.interrupted()).isTrue();
    }

    @Test
    void whatFailsThereFailsHere() {
        assertThatThrownBy(() -> NativeMemory.run(() -> {
            throw new OutOfMemoryError("none");
        })).isInstanceOf(OutOfMemoryError.class).hasMessage("none");
        assertThatThrownBy(() -> NativeMemory.run(() -> {
            throw new IllegalArgumentException("wrong");
        })).isInstanceOf(IllegalArgumentException.class).hasMessage("wrong");
    }
}
