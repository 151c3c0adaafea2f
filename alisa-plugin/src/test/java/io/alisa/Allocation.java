package io.alisa;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;

import com.sun.management.ThreadMXBean;

/** Counts what the calling thread and all of ours allocate. */
public final class Allocation {
    /** Of tests that count: they run in a JVM of their own, see the parent pom. */
    public static final String TAG = "allocation";
    /** Until the compiler must have done its work: vectors live on the heap before. */
    private static final int MOST_ROUNDS = 400;
    private static final ThreadMXBean THREADS = ManagementFactory.getPlatformMXBean(ThreadMXBean.class);

    private Allocation() {
    }

    /** Asserts that some round of {@code work} allocates nothing, on no thread. */
    public static void assertNoneAfterAWhile(Runnable work) {
        assumeTrue(THREADS.isThreadAllocatedMemorySupported(), "this JVM does not count allocation");
        work.run(); // starts the threads that are watched
        Thread[] watched = watched();
        allocatedBy(watched, () -> {
        }); // the measuring code's own first run
        long[] allocated = {Long.MAX_VALUE};
        for (int round = 0; sum(allocated) != 0 && round < MOST_ROUNDS; round++) {
            long[] baseline = allocatedBy(watched, () -> {
            });
            allocated = allocatedBy(watched, work);
            for (int i = 0; i < allocated.length; i++) {
                allocated[i] -= baseline[i];
            }
        }
        assertThat(sum(allocated)).as("bytes of a round by thread: %s", byThread(watched, allocated)).isZero();
    }

    /** This thread and every worker of every team: those not at work allocate nothing anyway. */
    private static Thread[] watched() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.equals(Thread.currentThread())
                        || thread.getName().startsWith("alisa-worker-"))
                .toArray(Thread[]::new);
    }

    private static long[] allocatedBy(Thread[] threads, Runnable work) {
        long[] bytes = new long[threads.length];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = -THREADS.getThreadAllocatedBytes(threads[i].threadId());
        }
        work.run();
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] += THREADS.getThreadAllocatedBytes(threads[i].threadId());
        }
        return bytes;
    }

    private static long sum(long... bytes) {
        return Arrays.stream(bytes).sum();
    }

    private static Map<String, Long> byThread(Thread[] threads, long... bytes) {
        Map<String, Long> all = new TreeMap<>();
        for (int i = 0; i < bytes.length; i++) {
            if (bytes[i] != 0) {
                all.merge(threads[i].getName(), bytes[i], Long::sum);
            }
        }
        return all;
    }
}
