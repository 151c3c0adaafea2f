package io.alisa.host;

import java.lang.ref.Cleaner;

/** Notices that a cache object was abandoned. */
final class SessionReaper {
    private static final Cleaner CLEANER = Cleaner.create(task -> {
        Thread thread = new Thread(task, "alisa-session-reaper");
        thread.setDaemon(true);
        return thread;
    });

    private SessionReaper() {
    }

    /** Runs {@code purge}, which must not refer to the object, some time after it became unreachable. */
    static void watch(Object kvBuffer, Runnable purge) {
        CLEANER.register(kvBuffer, purge);
    }
}
