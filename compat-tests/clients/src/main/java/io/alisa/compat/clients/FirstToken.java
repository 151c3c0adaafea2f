package io.alisa.compat.clients;

/** A stop watch: from its making to the first token. */
final class FirstToken {
    private final long start = System.nanoTime();
    private volatile long nanos = -1;

    void came() {
        if (nanos < 0) {
            nanos = System.nanoTime() - start;
        }
    }

    /** Negative where no token came. */
    long nanos() {
        return nanos;
    }
}
