package io.alisa.memory;

import java.lang.foreign.Arena;
import java.util.concurrent.Executor;
import java.util.concurrent.FutureTask;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

import io.alisa.parallel.Awaited;

/**
 * The thread that owns all off-heap memory.
 *
 * <p>Closing a shared {@link Arena} stops every thread and throws away compiled frames that access segments just then. The
 * host's vector loops are such frames: interpreted, they add up their lanes in another order, so that the end of one session
 * changed the last bits of another's step. Closing a confined arena concerns nobody, but only the thread that made it may do
 * so. Reading and writing goes by address and needs no owner.
 */
final class NativeMemory {
    private static final Executor OWNER = owner();

    private NativeMemory() {
    }

    private static Executor owner() {
        return new ThreadPoolExecutor(1, 1, 0, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), task -> {
            Thread thread = new Thread(null, task, "alisa-memory", 0, false);
            thread.setDaemon(true);
            thread.setContextClassLoader(null); // an application's must be free to go
            return thread;
        });
    }

    /** Has the owner do something, and waits, whether interrupted or not. An {@code OutOfMemoryError} there is thrown here. */
    static <T> T call(Supplier<T> task) {
        return Awaited.run(new FutureTask<>(task::get), OWNER);
    }

    /** The same for what has no result. */
    static void run(Runnable task) {
        Awaited.run(new FutureTask<>(task, null), OWNER);
    }
}
