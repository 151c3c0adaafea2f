package io.alisa.host;

import java.util.concurrent.TimeUnit;

/** Frees what belongs to abandoned objects of the host: a daemon thread that waits for that, and looks around now and then. */
final class SessionReaper extends Thread {
    private static final long MINUTE_NANOS = TimeUnit.MINUTES.toNanos(1);
    private static final System.Logger LOGGER = System.getLogger("io.alisa");

    private final Abandoned abandoned;
    private final long everyNanos;
    private final Runnable regularly;
    private long due;
    private boolean saidError;

    /** Where abandoned objects turn up. */
    interface Abandoned {
        /** Waits for one, so many milliseconds at most, at least 1, and frees what belongs to it. */
        void await(long millis) throws InterruptedException;
    }

    SessionReaper(IdentityTable<?> table) {
        this(table, () -> {
        });
    }

    /** @param everyMinute done about once a minute */
    SessionReaper(IdentityTable<?> table, Runnable everyMinute) {
        this(table::awaitAbandoned, MINUTE_NANOS, everyMinute);
    }

    /** @param regularly done after so many nanoseconds, about, whether anything is abandoned or not */
    SessionReaper(Abandoned abandoned, long everyNanos, Runnable regularly) {
        super(null, null, "alisa-session-reaper", 0, false);
        setContextClassLoader(null); // an application's must be free to go
        this.abandoned = abandoned;
        this.everyNanos = everyNanos;
        this.regularly = regularly;
        due = System.nanoTime() + everyNanos;
        setDaemon(true);
    }

    @Override
    public void run() {
        try {
            while (true) {
                lookAround();
            }
        } catch (InterruptedException e) {
            return; // somebody ends all threads: the next session starts another
        }
    }

    /** Whether it was interrupted, and nobody is looked after any more. */
    boolean isAtEnd() {
        return getState() == State.TERMINATED;
    }

    /** One that can't be freed must not keep the others from it. */
    private void lookAround() throws InterruptedException {
        try {
            abandoned.await(Math.max(1, TimeUnit.NANOSECONDS.toMillis(due - System.nanoTime())));
            if (System.nanoTime() - due >= 0) {
                due = System.nanoTime() + everyNanos;
                regularly.run();
            }
        } catch (RuntimeException e) {
            say(e);
        } catch (Error e) { // no memory just now, say: what is abandoned later is freed all the same
            if (!saidError) {
                sayWhereThatIsPossible(e);
            }
        }
    }

    private void sayWhereThatIsPossible(Error e) {
        try {
            say(e);
            saidError = true;
        } catch (OutOfMemoryError again) {
            return; // the next time, then
        }
    }

    static void say(Throwable e) {
        LOGGER.log(System.Logger.Level.WARNING, "What a closed session held could not all be given back", e);
    }
}
