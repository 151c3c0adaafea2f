package io.alisa.host;

import java.util.Arrays;

/** The token ids of a session so far, by position. Thread-safe. */
public final class TokenLog {
    private int[] ids = new int[256];
    private int size;

    /** Records ids from {@code position} on; what stood there or behind is forgotten. */
    public synchronized void record(int position, int... tokens) {
        if (position > size) {
            size = 0; // ids before it are unknown (a layer-split part, or hidden states fed in): not replayable
            return;
        }
        int end = position + tokens.length;
        if (end > ids.length) {
            ids = Arrays.copyOf(ids, Math.max(end, 2 * ids.length));
        }
        System.arraycopy(tokens, 0, ids, position, tokens.length);
        size = end;
    }

    /** As {@link #record(int, int...)} for one token, without allocating. */
    public synchronized void recordOne(int position, int token) {
        if (position > size) {
            size = 0;
            return;
        }
        if (position == ids.length) {
            ids = Arrays.copyOf(ids, 2 * ids.length);
        }
        ids[position] = token;
        size = position + 1;
    }

    public synchronized int size() {
        return size;
    }

    /** The ids from {@code start} to {@code end - 1}. */
    public synchronized int[] range(int start, int end) {
        return Arrays.copyOfRange(ids, start, end);
    }

    /** The first {@code count} ids. */
    public synchronized int[] first(int count) {
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
