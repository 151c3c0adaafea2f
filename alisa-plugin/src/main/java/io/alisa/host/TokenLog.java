package io.alisa.host;

import java.util.Arrays;

/** The token ids of a session so far, by position. Thread-safe. */
public final class TokenLog {
    private static final int LEAST = 256;
    private static final int[] NONE = {};

    private int[] ids = NONE;
    private int size;
    /** How many there were when they were forgotten, if nothing has begun anew since. */
    private int forgotten;

    /** Records ids from {@code position} on; what stood there or behind is forgotten. */
    public synchronized void record(int position, int... tokens) {
        if (position > size) {
            size = 0; // ids before it are unknown (a layer-split part, or hidden states fed in): not replayable
            return;
        }
        int end = position + tokens.length;
        if (end > ids.length) {
            ids = Arrays.copyOf(ids, Math.max(end, more()));
        }
        System.arraycopy(tokens, 0, ids, position, tokens.length);
        size = end;
        forgotten = 0;
    }

    /** As {@link #record(int, int...)} for one token, without allocating. */
    public synchronized void recordOne(int position, int token) {
        if (position > size) {
            size = 0;
            return;
        }
        if (position == ids.length) {
            ids = Arrays.copyOf(ids, more());
        }
        ids[position] = token;
        size = position + 1;
        forgotten = 0;
    }

    private int more() {
        return Math.max(LEAST, 2 * ids.length);
    }

    /** Gives back what it has room for and does not need. */
    synchronized void trim() {
        ids = size == 0 ? NONE : size == ids.length ? ids : Arrays.copyOf(ids, size);
    }

    /** Gives all ids up. That is remembered: whoever goes on behind them must not begin anew without knowing. */
    synchronized void forget() {
        forgotten = size;
        size = 0;
        ids = NONE;
    }

    /** How many ids were given up, if nothing has begun anew since. */
    public synchronized int forgotten() {
        return forgotten;
    }

    /** How many ids it has room for. */
    synchronized int room() {
        return ids.length;
    }

    public synchronized int size() {
        return size;
    }

    /** The ids from {@code start} to {@code end - 1}. */
    public synchronized int[] range(int start, int end) {
        return Arrays.copyOfRange(ids, start, end);
    }

    /** The first {@code count} ids, which must be known. */
    public synchronized int[] first(int count) {
        if (count > size) {
            throw new IllegalStateException("Of " + count + " token ids " + size + " are known");
        }
        return Arrays.copyOf(ids, count);
    }

    /** How many of the first ids are those of {@code others}. */
    public synchronized int common(int... others) {
        int most = Math.min(size, others.length);
        int mismatch = Arrays.mismatch(ids, 0, most, others, 0, most);
        return mismatch < 0 ? most : mismatch;
    }

    /** Forgets the ids from a position on. */
    public synchronized void cut(int position) {
        size = Math.min(size, position);
    }

    /** A log of the first {@code count} ids. */
    synchronized TokenLog copy(int count) {
        TokenLog copy = new TokenLog();
        copy.record(0, first(Math.min(size, count)));
        return copy;
    }
}
