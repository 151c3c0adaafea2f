package io.alisa.parallel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.stream.IntStream;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The time limit only ends a hang. */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class WorkerTeamTest {
    private static final int LARGEST_TEAM = 8;
    private static final int MOST_ITEMS = 1000;
    private static final List<WorkerTeam> TEAMS = IntStream.rangeClosed(1, LARGEST_TEAM)
            .mapToObj(WorkerTeam::new).toList();

    static List<WorkerTeam> teams() {
        return TEAMS;
    }

    @ParameterizedTest
    @MethodSource("teams")
    void everyItemOnce(WorkerTeam team) {
        Random random = new Random(team.size());
        for (int round = 0; round < 300; round++) {
            int items = round < 20 ? round : random.nextInt(MOST_ITEMS + 1);
            AtomicIntegerArray done = new AtomicIntegerArray(MOST_ITEMS + 1);
            team.run((item, worker) -> done.incrementAndGet(item), items);
            for (int item = 0; item <= MOST_ITEMS; item++) {
                assertThat(done.get(item)).as("item %s of %s", item, items).isEqualTo(item < items ? 1 : 0);
            }
        }
    }

    /** By who ends all threads of a group, say: one that stays interrupted can't be parked, and takes a core until the end. */
    @Test
    void interruptsAreForgotten() {
        WorkerTeam team = new WorkerTeam(2);
        Set<Thread> workers = ConcurrentHashMap.newKeySet();
        while (workers.size() < 2) {
            team.run((item, worker) -> workers.add(Thread.currentThread()), 64);
        }
        workers.remove(Thread.currentThread());
        Thread worker = workers.iterator().next();
        worker.interrupt();
        while (worker.isInterrupted() || worker.getState() != Thread.State.WAITING) {
            Thread.onSpinWait();
        }
        AtomicInteger done = new AtomicInteger();
        team.run((item, by) -> done.incrementAndGet(), 100);
        assertThat(done).hasValue(100);
    }

    @ParameterizedTest
    @MethodSource("teams")
    void noTwoItemsShareAWorkersNumberAtOnce(WorkerTeam team) {
        AtomicIntegerArray busy = new AtomicIntegerArray(team.size());
        AtomicInteger clashes = new AtomicInteger();
        for (int round = 0; round < 100; round++) {
            team.run((item, worker) -> {
                if (busy.getAndIncrement(worker) != 0) {
                    clashes.incrementAndGet();
                }
                Thread.onSpinWait();
                busy.getAndDecrement(worker);
            }, 40);
        }
        assertThat(clashes).hasValue(0);
    }

    @Test
    void writesOfTheWorkersAreSeenByTheCaller() {
        WorkerTeam team = TEAMS.getLast();
        int[] plain = new int[MOST_ITEMS];
        for (int round = 1; round <= 200; round++) {
            int value = round;
            team.run((item, worker) -> plain[item] = value, MOST_ITEMS);
            assertThat(IntStream.of(plain).allMatch(x -> x == value)).as("round %s", round).isTrue();
        }
    }

    @ParameterizedTest
    @MethodSource("teams")
    void anItemsFailureReachesTheCallerAndTheTeamGoesOn(WorkerTeam team) {
        for (int failing : new int[]{0, 1, 37, 99}) {
            assertThatThrownBy(() -> team.run((item, worker) -> {
                if (item == failing) {
                    throw new IllegalArgumentException("item " + item);
                }
            }, 100)).satisfiesAnyOf(
                    thrown -> assertThat(thrown).isInstanceOf(IllegalArgumentException.class),
                    thrown -> assertThat(thrown).hasCauseInstanceOf(IllegalArgumentException.class))
                    .hasMessageContaining("item " + failing);
            AtomicInteger done = new AtomicInteger();
            team.run((item, worker) -> done.incrementAndGet(), 100);
            assertThat(done).as("after item %s failed", failing).hasValue(100);
        }
    }

    @ParameterizedTest
    @MethodSource("teams")
    void aJobMayRunAnother(WorkerTeam team) {
        AtomicInteger done = new AtomicInteger();
        for (int round = 0; round < 20; round++) {
            team.run((outer, worker) -> team.run((inner, innerWorker) -> done.incrementAndGet(), 7), 11);
        }
        assertThat(done).hasValue(20 * 7 * 11);
    }

    @ParameterizedTest
    @MethodSource("teams")
    void manyCallersAtOnce(WorkerTeam team) throws Exception {
        int callers = 4;
        CountDownLatch go = new CountDownLatch(callers);
        List<Future<Integer>> results = new ArrayList<>();
        try (ExecutorService pool = Executors.newFixedThreadPool(callers)) {
            for (int caller = 0; caller < callers; caller++) {
                results.add(pool.submit(() -> {
                    go.countDown();
                    go.await();
                    AtomicInteger done = new AtomicInteger();
                    for (int round = 0; round < 200; round++) {
                        team.run((item, worker) -> done.incrementAndGet(), 13);
                    }
                    return done.get();
                }));
            }
            for (Future<Integer> result : results) {
                assertThat(result.get()).isEqualTo(200 * 13);
            }
        }
    }

    @Test
    void aTeamHasAtLeastTheCaller() {
        assertThat(new WorkerTeam(1).size()).isEqualTo(1);
        assertThatThrownBy(() -> new WorkerTeam(0)).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("got size 0");
    }

    @Test
    void theSharedTeamIsOneForAll() {
        assertThat(WorkerTeam.shared()).isSameAs(WorkerTeam.shared());
        assertThat(WorkerTeam.shared().size()).isBetween(1, Runtime.getRuntime().availableProcessors());
    }

    /** The worker fails after the caller did: what went wrong is the caller's. */
    @Test
    void theFirstFailureIsThrownAndALaterOneGoesWithIt() {
        Thread caller = Thread.currentThread();
        CountDownLatch both = new CountDownLatch(2);
        assertThatThrownBy(() -> TEAMS.get(1).run((item, worker) -> {
            both.countDown();
            await(both);
            if (worker == 0) {
                throw new IllegalArgumentException("first");
            }
            awaitIn("closeRound", caller); // its failure is known
            throw new IllegalStateException("second");
        }, 2)).isInstanceOf(IllegalArgumentException.class).hasMessage("first")
                .satisfies(thrown -> assertThat(thrown.getSuppressed()).singleElement()
                        .satisfies(later -> assertThat(later).hasMessage("second")));
    }

    /** Nobody knows whether it is the same as another. */
    @SuppressWarnings("ThrowableEqualsHashCode") // an item may throw anything
    private static final class Incomparable extends RuntimeException {
        private static final long serialVersionUID = 1L;

        Incomparable(String message) {
            super(message);
        }

        @Override
        public boolean equals(@Nullable Object other) {
            throw new UnsupportedOperationException("equals");
        }

        @Override
        public int hashCode() {
            return 0;
        }
    }

    /** Where the later failure is the worker's, the caller waits for it; else it must not leave the worker behind. */
    @ParameterizedTest
    @ValueSource(ints = {0, 1})
    void aLaterFailureThatCanNotGoWithTheFirstIsLeftOut(int later) {
        WorkerTeam team = new WorkerTeam(2);
        Thread[] threads = new Thread[2];
        String done = later == 0 ? "awaitCallAfter" : "closeRound"; // where the other one is when its failure is known
        CountDownLatch both = new CountDownLatch(2);
        assertThatThrownBy(() -> team.run((item, worker) -> {
            threads[worker] = Thread.currentThread();
            both.countDown();
            await(both);
            if (worker == later) {
                awaitIn(done, threads[1 - worker]);
            }
            throw new Incomparable("of " + worker);
        }, 2)).isInstanceOf(Incomparable.class).hasMessage("of " + (1 - later)).hasNoSuppressedExceptions();
        CountDownLatch bothAgain = new CountDownLatch(2);
        team.run((item, worker) -> {
            bothAgain.countDown();
            await(bothAgain); // for the worker, too
        }, 2);
    }

    private static void awaitIn(String method, Thread thread) {
        while (Arrays.stream(thread.getStackTrace()).noneMatch(at -> at.getMethodName().equals(method))) {
            Thread.onSpinWait();
        }
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Whoever asks first may be an application that goes again. */
    @Test
    void workersKeepNothingOfWhoStartsThem() throws IOException {
        InheritableThreadLocal<String> local = new InheritableThreadLocal<>();
        Thread caller = Thread.currentThread();
        ClassLoader before = caller.getContextClassLoader();
        List<@Nullable Object> seen = new ArrayList<>(); // the worker's, while the caller waits
        try (URLClassLoader application = new URLClassLoader(new URL[0])) {
            caller.setContextClassLoader(application);
            local.set("the application's");
            CountDownLatch both = new CountDownLatch(2);
            new WorkerTeam(2).run((item, worker) -> {
                both.countDown();
                await(both);
                if (worker == 1) {
                    seen.add(Thread.currentThread().getContextClassLoader());
                    seen.add(local.get());
                }
            }, 2);
        } finally {
            caller.setContextClassLoader(before);
            local.remove();
        }
        assertThat(seen).containsExactly(null, null);
    }
}
