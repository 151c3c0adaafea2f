package io.alisa.host;

/** Frees the sessions whose cache objects were abandoned: a daemon thread that waits for nothing else. */
final class SessionReaper extends Thread {
    private final IdentityTable<?> table;

    SessionReaper(IdentityTable<?> table) {
        super("alisa-session-reaper");
        this.table = table;
        setDaemon(true);
    }

    @Override
    public void run() {
        try {
            while (true) {
                table.awaitAbandoned();
            }
        } catch (InterruptedException e) {
            return; // somebody ends all threads
        }
    }
}
