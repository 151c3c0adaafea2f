package io.alisa.tier;

/**
 * Whether reading from a session's file waits for a disk. What was found slow counts as slow for a while: reading ahead
 * makes it look fast. Used by one thread at a time.
 */
public final class ReadSpeed {
    /** What a request may cost before its bytes: far more than a call of the system, far less than a disk's answer. */
    private static final long NANOS_PER_REQUEST = 25_000;
    /** What copying may take: slower than this, reading waits for a disk. */
    private static final long BYTES_PER_NANO = 2;
    /** Calls for which slow remains slow. */
    private static final int MEMORY = 256;

    private long requests;
    private long bytes;
    private long nanos;
    private int slowFor;

    /**
     * Judges by what was read since the last call.
     *
     * @param requestsMade requests so far
     * @param bytesRead    bytes read so far
     * @param readNanos    time that took, summed over threads
     */
    public boolean isSlow(long requestsMade, long bytesRead, long readNanos) {
        if (requestsMade > requests) {
            long allowed = (requestsMade - requests) * NANOS_PER_REQUEST + (bytesRead - bytes) / BYTES_PER_NANO;
            slowFor = readNanos - nanos > allowed ? MEMORY : Math.max(0, slowFor - 1);
        }
        requests = requestsMade;
        bytes = bytesRead;
        nanos = readNanos;
        return slowFor > 0;
    }
}
