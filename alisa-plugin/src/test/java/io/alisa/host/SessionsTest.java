package io.alisa.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

import io.alisa.SessionReport;
import io.alisa.attention.ScalarKernels;
import io.alisa.cache.KvFormat;
import io.alisa.cache.KvMemory;
import io.alisa.parallel.WorkerTeam;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SessionsTest {
    private static final ModelShape SHAPE = new ModelShape("TINY", 2, 256, 64, 0, 2, 2, 0, 4, 16,
            KvFormat.F32,
            0.25f, 0, 128);

    private Sessions sessions = new Sessions();
    private final Object model = new Object();

    private HostSession open(Object kvBuffer) {
        HostSession session = new HostSession(SHAPE, SessionMode.exact(KvFormat.F32), KvMemory.unlimited(),
                new ScalarKernels(),
                WorkerTeam.shared());
        sessions.open(sessions.bind(kvBuffer), model, session);
        return session;
    }

    private static void step(HostSession session, int endPosition) {
        session.kv().layer(0).resize(endPosition);
        session.stepDone(endPosition, 1);
    }

    @Test
    void aCacheObjectIsBoundOnce() {
        Object kvBuffer = new Object();
        assertThat(sessions.find(kvBuffer)).isNull();
        Binding binding = sessions.bind(kvBuffer);
        assertThat(sessions.bind(kvBuffer)).isSameAs(binding);
        assertThat(sessions.find(kvBuffer)).isSameAs(binding);
        assertThat(sessions.bind(new Object())).isNotSameAs(binding);
    }

    @Test
    void openSessionsAreReportedOldestFirst() {
        Object first = new Object();
        Object second = new Object();
        HostSession older = open(first);
        HostSession newer = open(second);
        step(older, 5);
        step(newer, 3);
        step(older, 6);
        assertThat(sessions.reports()).extracting(SessionReport::tokens).containsExactly(6L, 3L);
        assertThat(sessions.last()).isNotNull().extracting(SessionReport::tokens).isEqualTo(6L);
        assertThat(sessions.find(first)).isNotNull();
        assertThat(sessions.find(second)).isNotNull();
    }

    @Test
    void theLastSessionIsKnownAfterItClosed() {
        Object kvBuffer = new Object();
        HostSession session = open(kvBuffer);
        step(session, 9);
        long hostBytes = session.report().hostEquivalentBytes();
        assertThat(session.report().fastBytes()).isPositive();
        sessions.close(sessions.bind(kvBuffer));
        SessionReport last = Objects.requireNonNull(sessions.last());
        assertThat(last.closed()).isTrue();
        assertThat(last.tokens()).isEqualTo(9);
        assertThat(last.fastBytes()).isZero();
        assertThat(last.hostEquivalentBytes()).isEqualTo(hostBytes).isEqualTo(2L * 2 * 128 * 9);
        assertThat(session.kv().isClosed()).isTrue();
        assertThat(sessions.reports()).isEmpty();
    }

    @Test
    void anOpenSessionUsedLaterIsTheLast() {
        Object first = new Object();
        Object second = new Object();
        HostSession closed = open(first);
        step(closed, 1);
        HostSession open = open(second);
        sessions.close(sessions.bind(first));
        assertThat(sessions.last()).isNotNull().extracting(SessionReport::closed).isEqualTo(true);
        step(open, 2);
        assertThat(sessions.last()).isNotNull().extracting(SessionReport::closed).isEqualTo(false);
        assertThat(sessions.find(second)).isNotNull();
    }

    @Test
    void aSessionIsFoundByTheHostsIdAndByThatOfItsReport() {
        Object kvBuffer = new Object();
        Object another = new Object();
        HostSession session = open(kvBuffer);
        step(open(another), 1);
        Binding binding = sessions.bind(kvBuffer);
        UUID hosts = UUID.randomUUID();
        binding.setId(hosts);
        UUID reported = UUID.fromString(session.report().id());
        assertThat(sessions.find(hosts)).containsExactly(binding);
        assertThat(sessions.find(reported)).containsExactly(binding);
        Binding lent = sessions.bind(model);
        lent.lend(session); // as while it is saved
        assertThat(sessions.find(reported)).containsExactly(binding);
        lent.lend(null);
        binding.record(0, new int[9]);
        step(session, 9);
        sessions.close(binding, true);
        assertThat(sessions.find(reported)).as("kept").containsExactly(binding);
        assertThat(Objects.requireNonNull(sessions.last()).id()).isEqualTo(reported.toString());
    }

    @Test
    void whatIsGoneIsFoundByTheHostsIdOnly() {
        Object kvBuffer = new Object();
        HostSession session = open(kvBuffer);
        Binding binding = sessions.bind(kvBuffer);
        UUID hosts = UUID.randomUUID();
        binding.setId(hosts);
        binding.record(0, new int[9]);
        step(session, 9);
        sessions.close(binding, true);
        assertThat(binding.held()).as("kept").isSameAs(session);
        sessions.kept().dropKept();
        assertThat(binding.held()).as("a model that is loaded again may have another one of that id").isNull();
        assertThat(sessions.find(UUID.fromString(session.report().id()))).isEmpty();
        assertThat(sessions.find(hosts)).containsExactly(binding);
        assertThat(kvBuffer).isNotNull();
    }

    @Test
    void thereIsNoLastSessionBeforeTheFirst() {
        assertThat(sessions.last()).isNull();
        sessions.close(sessions.bind(new Object()));
        assertThat(sessions.last()).isNull();
    }

    /** No other call is made after the object is gone: nobody may ever come by again. */
    @Test
    void anAbandonedSessionIsClosed() {
        checkThatOneIsClosed();
    }

    private void checkThatOneIsClosed() {
        HostSession session = openAbandoned();
        assertThat(session.kv().bytes()).isPositive();
        assertThat(Garbage.collectUntil(() -> session.kv().isClosed())).as("closed").isTrue();
        assertThat(session.kv().bytes()).isZero();
    }

    /** The machine may have no thread left just then, for the objects of the host or for what is kept. */
    @Test
    void aThreadThatCannotBeStartedIsTriedAgain() {
        AtomicInteger attempts = new AtomicInteger();
        sessions = new Sessions(new ClosedIds(), thread -> {
            if (attempts.getAndIncrement() % 2 == 0) {
                throw new OutOfMemoryError("unable to create native thread");
            }
            thread.start();
        });
        Object kvBuffer = new Object();
        for (int i = 0; i < 2; i++) {
            assertThatExceptionOfType(OutOfMemoryError.class).isThrownBy(() -> open(new Object()));
        }
        assertThat(open(kvBuffer).kv().isClosed()).isFalse();
        checkThatOneIsClosed();
        assertThat(attempts).as("two threads").hasValue(4);
        assertThat(sessions.find(kvBuffer)).isNotNull();
    }

    /** By who ends all threads of a group, say. */
    @Test
    void oneThatWasInterruptedIsStartedAgain() throws InterruptedException {
        List<Thread> started = new ArrayList<>();
        sessions = new Sessions(new ClosedIds(), thread -> {
            thread.start();
            started.add(thread);
        });
        open(new Object());
        assertThat(started).as("for the host's objects, and for what is kept").hasSize(2);
        for (Thread thread : List.copyOf(started)) {
            thread.interrupt();
            thread.join();
        }
        open(new Object());
        open(new Object());
        assertThat(started).hasSize(4);
        checkThatOneIsClosed();
    }

    /** One that is abandoned waits until its lock is free. Whoever has it may ask for what belongs to a cache object. */
    @Test
    @Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void nobodyIsKeptWaitingForAnAbandonedSession() throws InterruptedException {
        HostSession one = openAbandoned();
        HostSession two = openAbandoned();
        AtomicBoolean done = new AtomicBoolean();
        Thread binder = Thread.ofPlatform().unstarted(() -> {
            while (!done.get()) {
                sessions.bind(new Object());
            }
        });
        one.kv().lock().lock();
        two.kv().lock().lock();
        try {
            binder.start();
            // the reaper waits for one of them, who binds for the other
            assertThat(Garbage.collectUntil(() -> one.kv().lock().hasQueuedThread(binder)
                    || two.kv().lock().hasQueuedThread(binder))).as("both are abandoned").isTrue();
            assertThat(sessions.find(new Object())).isNull();
        } finally {
            done.set(true);
            one.kv().lock().unlock();
            two.kv().lock().unlock();
        }
        binder.join();
    }

    private HostSession openAbandoned() {
        HostSession session = open(new Object());
        step(session, 1);
        return session;
    }

    /** Nobody comes by again: what it holds would count for ever. */
    @ParameterizedTest
    @CsvSource({"false, false", "false, true", "true, false", "true, true"})
    void aSessionEndsWhateverFails(boolean reporting, boolean keep) {
        Object kvBuffer = new Object();
        HostSession session = new HostSession(SHAPE, SessionMode.exact(KvFormat.F32), KvMemory.unlimited(),
                new ScalarKernels(), WorkerTeam.shared()) {
            @Override
            public SessionReport report() {
                return reporting ? fail() : super.report();
            }

            @Override
            public void rest() {
                if (!reporting) {
                    fail();
                }
            }

            private SessionReport fail() {
                throw new IllegalStateException("No luck");
            }
        };
        Binding binding = sessions.bind(kvBuffer);
        binding.record(0, 1, 2, 3);
        sessions.open(binding, model, session);
        step(session, 3);
        assertThatIllegalStateException().isThrownBy(() -> sessions.close(binding, keep)).withMessage("No luck");
        assertThat(sessions.reports()).isEmpty();
        assertThat(sessions.kept().count()).isEqualTo(keep ? 1 : 0);
        sessions.kept().dropKept();
        assertThat(session.kv().isClosed()).isTrue();
        assertThat(sessions.find(kvBuffer)).isSameAs(binding);
    }

    /** Of three batches one was computed: whoever tries again must not find it in his conversation. */
    @Test
    void aPromptThatFailsIsForgottenWhole() {
        Object kvBuffer = new Object();
        HostSession session = open(kvBuffer);
        Binding binding = sessions.bind(kvBuffer);
        binding.record(0, new int[20]);
        step(session, 20);
        binding.record(20, new int[30]);
        step(session, 30);
        binding.forgetFailedStep();
        assertThat(binding.tokens().size()).isEqualTo(20);
        assertThat(session.tokens()).isEqualTo(20);
        binding.record(0, new int[50]);
        sessions.close(binding, true);
        assertThat(binding.tokens().size()).isZero();
        assertThat(session.tokens()).isZero();
        assertThat(sessions.find(kvBuffer)).isNotNull();
    }

    /** It is computed again together with the prompt: what was said before must not be forgotten with that. */
    @Test
    void anEvictedConversationIsKnownAfterAFailure() {
        Object kvBuffer = new Object();
        HostSession session = open(kvBuffer);
        Binding binding = sessions.bind(kvBuffer);
        binding.record(0, new int[20]);
        step(session, 20);
        binding.pin(3, 5);
        sessions.close(binding);
        for (boolean opened : new boolean[]{false, true}) {
            assertThat(sessions.goOn(binding, 20)).isFalse();
            binding.record(20, new int[30]);
            if (opened) {
                open(kvBuffer);
            }
            assertThat(binding.forgetFailedStep()).isTrue();
            assertThat(binding.forgetFailedStep()).as("once more").isEqualTo(opened); // still no token was computed
            assertThat(binding.tokens().size()).isEqualTo(20);
        }
        assertThat(Objects.requireNonNull(binding.session()).kv().pinned().count(20)).isEqualTo(2);
        sessions.close(binding, true);
        assertThat(sessions.goOn(binding, 20)).as("its tokens are not there").isFalse();
        assertThat(binding.tokens().size()).isEqualTo(20);
        assertThat(sessions.find(kvBuffer)).isNotNull();
    }

    /** The host keeps its cache objects for ever, and with them what we know of them. */
    @Test
    void anEvictedSessionIsNotKeptInMemory() {
        Object kvBuffer = new Object();
        WeakReference<HostSession> session = new WeakReference<>(openAndSay(kvBuffer, 1, 2, 3));
        sessions.close(sessions.bind(kvBuffer), true);
        sessions.kept().dropKept();
        assertThat(Garbage.collectUntil(() -> session.get() == null)).as("collected").isTrue();
        assertThat(sessions.bind(kvBuffer).tokens().size()).isEqualTo(3);
    }

    private HostSession openAndSay(Object kvBuffer, int... ids) {
        HostSession session = open(kvBuffer);
        sessions.bind(kvBuffer).record(0, ids);
        step(session, ids.length);
        return session;
    }

    @Test
    void decodeStepsAreAveraged() {
        Object kvBuffer = new Object();
        HostSession session = open(kvBuffer);
        assertThat(session.report().attendedTokensPerStep()).isZero();
        session.stepDone(10, 10);
        session.stepDone(11, 1);
        session.stepDone(12, 1);
        assertThat(session.report().attendedTokensPerStep()).isEqualTo(11.5);
        assertThat(sessions.find(kvBuffer)).isNotNull();
    }
}
