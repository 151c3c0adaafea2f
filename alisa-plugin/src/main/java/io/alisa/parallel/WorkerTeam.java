package io.alisa.parallel;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;

import org.jspecify.annotations.Nullable;

/**
 * Threads that run the items of one {@link Job} together with the calling thread.
 *
 * <p>A decode step runs a handful of jobs per layer, each tens of microseconds to a few milliseconds long, so the
 * hand-over must cost little and allocate nothing: workers spin briefly for the next job, then park. Items are
 * taken from a shared counter; which thread takes which is open, so a job's result must not depend on it. The caller
 * waits only for workers that have begun: one that comes too late, on a busy machine, finds the round closed.
 *
 * <p>Thread-safe. When the team is busy with another caller's job, the caller does its items alone rather than
 * wait: it would have to share the cores anyway.
 */
public final class WorkerTeam {
    private static @Nullable WorkerTeam shared;

    /** About ten microseconds: long enough to bridge the gap between two jobs of a layer. */
    private static final int SPINS = 200;
    /** How often the caller looks whether the last items are done before it sleeps: the shortest sleep takes some 55 µs. */
    private static final int LAST_SPINS = 1_000;
    /** Multiply-adds below which waking a thread costs more than it brings. */
    private static final long WORTH_SHARING = 50_000;

    /** Low bits of {@link #state}: workers at work; then whether the round is open; then its number. */
    private static final long OPEN = 1L << 16;
    private static final long ROUND = 1L << 17;

    private final ReentrantLock busy = new ReentrantLock();
    private final Worker[] workers;
    private final AtomicInteger next = new AtomicInteger();
    private final AtomicLong state = new AtomicLong();

    private @Nullable Job job;
    private int items;
    private volatile @Nullable Throwable failure;

    /** A team of {@code size} threads, the caller counted; the others are daemons and start at once. */
    public WorkerTeam(int size) {
        if (size < 1) {
            throw new IllegalArgumentException("A team needs at least the caller, got size " + size);
        }
        workers = new Worker[size - 1];
        for (int i = 0; i < workers.length; i++) {
            workers[i] = new Worker(i + 1);
            workers[i].start();
        }
    }

    /** The process-wide team; where nobody has asked for it yet, half the logical processors, at least two. */
    public static WorkerTeam shared() {
        return shared(defaultSize());
    }

    /**
     * The process-wide team.
     *
     * @param size how many threads it is to have, the caller counted: who asks first decides
     */
    public static synchronized WorkerTeam shared(int size) {
        WorkerTeam existing = shared;
        if (existing == null) {
            existing = new WorkerTeam(size);
            shared = existing;
        }
        return existing;
    }

    private static int defaultSize() {
        int processors = Runtime.getRuntime().availableProcessors();
        return Math.min(processors, Math.max(2, processors / 2));
    }

    /** Number of threads that work on a job, the caller counted. */
    public int size() {
        return workers.length + 1;
    }

    /**
     * As {@link #run(Job, int)}, but alone where the whole job is too little work to share.
     *
     * @param multiplyAdds a rough count of the job's multiply-adds
     */
    public void run(Job work, int itemCount, long multiplyAdds) {
        if (multiplyAdds < WORTH_SHARING) {
            runAlone(work, itemCount);
        } else {
            run(work, itemCount);
        }
    }

    /** Runs all items and returns when every one is done. An item's failure is thrown here. */
    public void run(Job work, int itemCount) {
        if (itemCount <= 1 || workers.length == 0 || busy.isHeldByCurrentThread() || !busy.tryLock()) {
            runAlone(work, itemCount);
            return;
        }
        try {
            job = work;
            items = itemCount;
            next.set(0);
            long round = (state.get() / ROUND + 1) * ROUND;
            state.set(round | OPEN);
            Throwable thrown;
            try {
                int helpers = Math.min(workers.length, itemCount - 1);
                for (int i = 0; i < helpers; i++) {
                    workers[i].call(round);
                }
                takeItems(work, itemCount, 0);
            } finally {
                thrown = closeRound(); // whatever is thrown: the next round must be nobody's but its own
            }
            if (thrown != null) {
                rethrow(thrown);
            }
        } finally {
            busy.unlock();
        }
    }

    private static void rethrow(Throwable thrown) {
        switch (thrown) {
            case RuntimeException e -> throw e;
            case Error e -> throw e;
            default -> throw new IllegalStateException(thrown); // a job declares no checked exception
        }
    }

    private static void runAlone(Job work, int itemCount) {
        for (int i = 0; i < itemCount; i++) {
            work.run(i, 0);
        }
    }

    /** Lets no more workers in and waits for those that are in: each is on its last item. Returns what failed. */
    private @Nullable Throwable closeRound() {
        state.addAndGet(-OPEN);
        for (int spins = 0; state.get() % OPEN != 0; spins++) {
            if (spins < LAST_SPINS) {
                Thread.onSpinWait();
            } else {
                LockSupport.parkNanos(this, 1_000);
            }
        }
        job = null;
        Throwable thrown = failure;
        failure = null;
        return thrown;
    }

    /** Enters a round if it is still open. */
    private boolean enter(long round) {
        for (long s = state.get(); s / ROUND * ROUND == round && (s & OPEN) != 0; s = state.get()) {
            if (state.compareAndSet(s, s + 1)) {
                return true;
            }
        }
        return false;
    }

    private void takeItems(Job work, int itemCount, int worker) {
        try {
            for (int i = next.getAndIncrement(); i < itemCount; i = next.getAndIncrement()) {
                work.run(i, worker);
            }
        } catch (Throwable t) { // handed to the caller of run: a worker must not die of it
            next.set(itemCount);
            fail(t);
        }
    }

    /** The first failure is what went wrong; later ones may come of it. Throws nothing: the round must end. */
    private synchronized void fail(Throwable thrown) {
        Throwable first = failure;
        if (first == null) {
            failure = thrown;
            return;
        }
        try {
            if (!first.equals(thrown)) { // which a preallocated one may be
                first.addSuppressed(thrown);
            }
        } catch (Throwable t) { // there is no memory for it, or equals is the item's own: the first must do
        }
    }

    private final class Worker extends Thread {
        private final int number;
        private volatile long called;
        private volatile boolean parked;

        Worker(int number) {
            super(null, null, "alisa-worker-" + number, 0, false);
            this.number = number;
            setDaemon(true);
            setContextClassLoader(null); // an application's must be free to go
        }

        void call(long round) {
            called = round;
            if (parked) {
                LockSupport.unpark(this);
            }
        }

        @Override
        public void run() {
            long round = 0;
            while (true) {
                awaitCallAfter(round);
                round = called;
                if (enter(round)) {
                    try {
                        Job work = job;
                        if (work != null) {
                            takeItems(work, items, number);
                        }
                    } finally {
                        state.decrementAndGet(); // or the caller would wait for ever
                    }
                }
            }
        }

        private void awaitCallAfter(long done) {
            for (int i = 0; i < SPINS; i++) {
                if (called != done) {
                    return;
                }
                Thread.onSpinWait();
            }
            parked = true;
            while (called == done) {
                LockSupport.park(WorkerTeam.this);
                Thread.interrupted(); // by who ends a group of threads, say: while it stands, nobody can be parked
            }
            parked = false;
        }
    }
}
