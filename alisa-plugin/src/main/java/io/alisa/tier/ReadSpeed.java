package io.alisa.tier;

/**
 * Whether reading from a session's file waits for a disk. What was found slow counts as slow for a while: reading ahead
 * makes it look fast. Used by one thread at a time.
 */
public final class ReadSpeed {
    /** Slower than this, reading waits for a disk: bytes per microsecond. */
    private static final long MEMORY_SPEED = 2_000;
    /** Calls for which slow remains slow. */
    private static final int MEMORY = 256;

    private long bytes;
    private long nanos;
    private int slowFor;

    /**
     * Judges by what was read since the last call.
     *
     * @param bytesRead bytes read so far
     * @param readNanos time that took, summed over threads
     */
    public boolean isSlow(long bytesRead, long readNanos) {
        long micros = (readNanos - nanos) / 1_000;
        if (micros > 0) {
            slowFor = (bytesRead - bytes) / micros < MEMORY_SPEED ? MEMORY : Math.max(0, slowFor - 1);
        }
        bytes = bytesRead;
        nanos = readNanos;
        return slowFor > 0;
    }
}
