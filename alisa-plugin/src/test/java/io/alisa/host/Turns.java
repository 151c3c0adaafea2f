package io.alisa.host;

/** Threads that wait for their turn under an id. */
public final class Turns {
    private Turns() {
    }

    /** Returns when a thread waits in {@link Binding#speak}. */
    public static void awaitWaiting(Thread thread) {
        while (thread.getState() != Thread.State.TIMED_WAITING) {
            Thread.onSpinWait();
        }
    }
}
