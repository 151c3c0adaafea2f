package io.alisa.host;

import java.util.Arrays;

/** The token ids of a session so far, by position. Not thread-safe: guarded by its session. */
public final class TokenLog {
    private int[] ids = new int[256];
    private int size;

    /** Records ids from {@code position} on; what stood there or behind is forgotten. */
    public void record(int position, int... tokens) {
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
    public void recordOne(int position, int token) {
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

    public int size() {
        return size;
    }

    /** The ids from {@code start} to {@code end - 1}. */
    public int[] range(int start, int end) {
        return Arrays.copyOfRange(ids, start, end);
    }

    /** The first {@code count} ids. */
    public int[] first(int count) {
        return Arrays.copyOf(ids, count);
    }
}
