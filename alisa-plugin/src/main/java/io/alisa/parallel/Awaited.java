package io.alisa.parallel;

import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.FutureTask;

/**
 * Waiting for another thread's work, and for nothing else. Whoever joins a {@code ForkJoinTask} or a
 * {@code CompletableFuture} as a worker of a fork-join pool may do other tasks of the application meanwhile: here that would be
 * in the middle of a step and under its locks.
 */
public final class Awaited {
    private Awaited() {
    }

    /**
     * Has somebody else run a task, and says what it comes to. Waits whether interrupted or not, and keeps the interrupt for
     * later; what the task throws is thrown here.
     */
    public static <T> T run(FutureTask<T> task, Executor by) {
        by.execute(task);
        boolean interrupted = false;
        try {
            while (true) {
                try {
                    return task.get();
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
        } catch (ExecutionException e) {
            if (e.getCause() instanceof Error error) {
                throw error;
            }
            throw e.getCause() instanceof RuntimeException exception
                    ? exception
                    : new IllegalStateException(e.getCause());
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
