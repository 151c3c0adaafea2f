package io.alisa.host;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

import org.junit.jupiter.api.Test;

class SessionReaperTest {
    private static final int KEYS = 20;

    private final AtomicInteger handled = new AtomicInteger();
    private final ConcurrentLinkedQueue<Throwable> said = new ConcurrentLinkedQueue<>();
    private final Handler listener = new Handler() {
        @Override
        public void publish(LogRecord message) {
            said.add(message.getThrown());
        }

        @Override
        public void flush() {
        }

        @Override
        public void close() {
        }
    };

    private void free(int value) {
        handled.incrementAndGet();
        if (value % 3 == 1) {
            throw new OutOfMemoryError("none for " + value);
        }
        if (value % 3 == 2) {
            throw new IllegalStateException("not this one");
        }
    }

    /** A server where something is abandoned all the time. */
    @Test
    void itLooksAroundWhateverIsAbandoned() throws InterruptedException {
        AtomicInteger looks = new AtomicInteger();
        SessionReaper reaper = new SessionReaper(millis -> {
            if (handled.incrementAndGet() > KEYS) {
                throw new InterruptedException();
            }
        }, 0, looks::incrementAndGet);
        reaper.start();
        reaper.join();
        assertThat(looks).hasValue(KEYS);
    }

    @Test
    void whatCannotBeFreedKeepsNothingElseFromIt() throws InterruptedException {
        IdentityTable<Integer> table = new IdentityTable<>(this::free);
        SessionReaper reaper = new SessionReaper(table);
        Logger logger = Logger.getLogger("io.alisa");
        logger.addHandler(listener);
        try {
            reaper.start();
            for (int i = 0; i < KEYS; i++) {
                table.put(new Object(), i);
            }
            assertThat(Garbage.collectUntil(() -> handled.get() == KEYS)).as("all were tried").isTrue();
        } finally {
            reaper.interrupt();
            reaper.join();
            logger.removeHandler(listener);
        }
        assertThat(said.stream().filter(thrown -> thrown instanceof OutOfMemoryError)).as("said once").hasSize(1);
        assertThat(said.stream().filter(thrown -> thrown instanceof IllegalStateException)).hasSize(6);
    }
}
