package io.alisa.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

import io.alisa.Allocation;
import io.alisa.device.DeviceLostException;
import jcuda.CudaException;
import jcuda.driver.CUresult;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Whose context is the current one during calls, and after them. */
class CurrentContextTest {
    private final List<String> done = new ArrayList<>();
    private int answerToPush = CUresult.CUDA_SUCCESS;
    private final CurrentContext current = new CurrentContext(() -> note("push", answerToPush),
            () -> note("pop", CUresult.CUDA_SUCCESS));

    private int note(String call, int answer) {
        done.add(call);
        return answer;
    }

    private static void onVirtualThread(Runnable task) throws InterruptedException, ExecutionException {
        FutureTask<Boolean> running = new FutureTask<>(task, true);
        Thread.ofVirtual().start(running);
        assertThat(running.get()).isTrue();
    }

    private void attachAndCall() {
        try (var _ = current.attach()) {
            done.add("attached");
            current.check("one", () -> note("one", CUresult.CUDA_SUCCESS));
            assertThat(current.findsRoom("two", () -> note("two", CUresult.CUDA_ERROR_OUT_OF_MEMORY))).isFalse();
        }
    }

    @Test
    void aThreadIsAttachedForAllItsCalls() {
        attachAndCall();
        assertThat(done).containsExactly("push", "attached", "one", "two", "pop");
    }

    /** Between calls it may change the thread that runs it, so nothing of ours is there then. */
    @Test
    void aVirtualThreadIsAttachedForEachCall() throws InterruptedException, ExecutionException {
        onVirtualThread(this::attachAndCall);
        assertThat(done).containsExactly("attached", "push", "one", "pop", "push", "two", "pop");
    }

    @Test
    void aVirtualThreadThatCannotBeAttachedMakesNoCall() throws InterruptedException, ExecutionException {
        answerToPush = CUresult.CUDA_ERROR_DEINITIALIZED;
        onVirtualThread(() -> assertThatExceptionOfType(DeviceLostException.class)
                .isThrownBy(this::attachAndCall).withMessage("one answers CUDA_ERROR_DEINITIALIZED"));
        assertThat(done).containsExactly("attached", "push");
    }

    /** An application may have JCuda throw. */
    @Test
    void aCallThatThrowsLeavesNothingBehind() throws InterruptedException, ExecutionException {
        onVirtualThread(() -> assertThat(current.failure(() -> {
            throw new CudaException("CUDA_ERROR_ILLEGAL_ADDRESS");
        })).isEqualTo("CUDA_ERROR_ILLEGAL_ADDRESS"));
        assertThat(done).containsExactly("push", "pop");
    }

    @Tag(Allocation.TAG)
    @Test
    void aCallOfAThreadMakesNoObjects() {
        long[] answered = new long[1];
        Allocation.assertNoneAfterAWhile(() -> {
            for (int i = 0; i < 1_000_000; i++) {
                int grid = i;
                long bytes = 2L * i;
                current.check("cuLaunchKernel", () -> {
                    answered[0] += grid + bytes;
                    return CUresult.CUDA_SUCCESS;
                });
            }
        });
        assertThat(answered[0]).isPositive();
    }
}
