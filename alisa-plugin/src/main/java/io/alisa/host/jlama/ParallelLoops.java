package io.alisa.host.jlama;

import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.ForkJoinWorkerThread;
import java.util.concurrent.FutureTask;

import com.github.tjake.jlama.util.PhysicalCoreExecutor;
import io.alisa.parallel.Awaited;

/**
 * The host's parallel loops, for a caller that is itself a worker of a fork-join pool, as in a parallel stream of prompts. The
 * host joins its own pool's task, and while such a worker waits it may do tasks of its own pool: another
 * {@code generate} within a step, under the model's lock that others wait for.
 */
final class ParallelLoops {
    private ParallelLoops() {
    }

    /** Runs a loop on the host's workers and waits for it. Returns false where the host may do that itself. */
    static boolean run(PhysicalCoreExecutor executor, Runnable loop) {
        if (!(Thread.currentThread() instanceof ForkJoinWorkerThread worker)) {
            return false;
        }
        ForkJoinPool hosts = JlamaAccess.pool(executor);
        if (worker.getPool().equals(hosts)) { // a loop in a loop: its worker must help
            return false;
        }
        Awaited.run(new FutureTask<>(loop, null), hosts);
        return true;
    }
}
