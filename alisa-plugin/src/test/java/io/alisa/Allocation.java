package io.alisa;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.management.ManagementFactory;

import com.sun.management.ThreadMXBean;

/** Counts what the calling thread and all of ours allocate. */
public final class Allocation {
    /** Until the compiler must have done its work: vectors live on the heap before. */
    private static final int MOST_ROUNDS = 400;
    private static final ThreadMXBean THREADS = ManagementFactory.getPlatformMXBean(ThreadMXBean.class);

    private Allocation() {
    }

    /** Asserts that some round of {@code work} allocates nothing, on no thread. */
    public static void assertNoneAfterAWhile(Runnable work) {
        assumeTrue(THREADS.isThreadAllocatedMemorySupported(), "this JVM does not count allocation");
        work.run(); // starts the threads that are watched
        long[] watched = watched();
        allocatedBy(watched, () -> {
        }); // the measuring code's own first run
        long allocated = Long.MAX_VALUE;
        for (int round = 0; allocated != 0 && round < MOST_ROUNDS; round++) {
            long baseline = allocatedBy(watched, () -> {
            });
            allocated = allocatedBy(watched, work) - baseline;
        }
        assertThat(allocated).as("bytes of a round on %s threads", watched.length).isZero();
    }

    /** This thread and every worker of every team: those not at work allocate nothing anyway. */
    private static long[] watched() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.equals(Thread.currentThread())
                        || thread.getName().startsWith("alisa-worker-"))
                .mapToLong(Thread::threadId).toArray();
    }

    private static long allocatedBy(long[] ids, Runnable work) {
        long before = allocated(ids);
        work.run();
        return allocated(ids) - before;
    }

    private static long allocated(long[] ids) {
        long sum = 0;
        for (long id : ids) {
            sum += THREADS.getThreadAllocatedBytes(id);
        }
        return sum;
    }
}
