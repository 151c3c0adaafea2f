package io.alisa.host;

/** Frees what belongs to abandoned objects of the host: a daemon thread that waits for that, and looks around now and then. */
final class SessionReaper extends Thread {
    private static final long MINUTE_MILLIS = 60_000;
    private static final System.Logger LOGGER = System.getLogger("io.alisa");

    private final IdentityTable<?> table;
    private final Runnable everyMinute;
    private boolean saidError;

    SessionReaper(IdentityTable<?> table) {
        this(table, () -> {
        });
    }

    /** @param everyMinute done about once a minute, as long as nothing is abandoned */
    SessionReaper(IdentityTable<?> table, Runnable everyMinute) {
        super(null, null, "alisa-session-reaper", 0, false);
        setContextClassLoader(null); // an application's must be free to go
        this.table = table;
        this.everyMinute = everyMinute;
        setDaemon(true);
    }

    @Override
    public void run() {
        try {
            while (true) {
                lookAround();
            }
        } catch (InterruptedException e) {
            return; // somebody ends all threads
        }
    }

    /** One that can't be freed must not keep the others from it. */
    private void lookAround() throws InterruptedException {
        try {
            if (!table.awaitAbandoned(MINUTE_MILLIS)) {
                everyMinute.run();
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

    private static void say(Throwable e) {
        LOGGER.log(System.Logger.Level.WARNING, "What a closed session held could not all be given back", e);
    }
}
