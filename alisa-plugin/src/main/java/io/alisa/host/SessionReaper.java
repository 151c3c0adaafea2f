package io.alisa.host;

/** Frees what belongs to abandoned objects of the host: a daemon thread that waits for that, and looks around now and then. */
final class SessionReaper extends Thread {
    private static final long MINUTE_MILLIS = 60_000;

    private final IdentityTable<?> table;
    private final Runnable everyMinute;

    SessionReaper(IdentityTable<?> table) {
        this(table, () -> {
        });
    }

    /** @param everyMinute done about once a minute, as long as nothing is abandoned */
    SessionReaper(IdentityTable<?> table, Runnable everyMinute) {
        super("alisa-session-reaper");
        this.table = table;
        this.everyMinute = everyMinute;
        setDaemon(true);
    }

    @Override
    public void run() {
        try {
            while (true) {
                if (!table.awaitAbandoned(MINUTE_MILLIS)) {
                    everyMinute.run();
                }
            }
        } catch (InterruptedException e) {
            return; // somebody ends all threads
        }
    }
}
