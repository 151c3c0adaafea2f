package io.alisa.cache;

import java.util.Arrays;

/**
 * Tokens that are always attended and never deleted, such as a system prompt. Immutable.
 *
 * @see KvSession#pin
 */
public final class PinnedSpans {
    /** Nothing is pinned. */
    public static final PinnedSpans NONE = new PinnedSpans();

    /** Begin and end of each, ascending, apart from each other. */
    private final int[] bounds;

    private PinnedSpans(int... bounds) {
        this.bounds = bounds;
    }

    /** These and the tokens {@code from} to {@code end - 1}. */
    public PinnedSpans with(int from, int end) {
        if (from < 0 || from >= end) {
            throw new IllegalArgumentException("Tokens " + from + " to " + end + " are no span");
        }
        int start = from;
        int behind = end;
        int[] merged = new int[bounds.length + 2];
        int size = 0;
        int i = 0;
        for (; i < bounds.length && bounds[i + 1] < start; i += 2) {
            merged[size++] = bounds[i];
            merged[size++] = bounds[i + 1];
        }
        for (; i < bounds.length && bounds[i] <= behind; i += 2) {
            start = Math.min(start, bounds[i]);
            behind = Math.max(behind, bounds[i + 1]);
        }
        merged[size++] = start;
        merged[size++] = behind;
        for (; i < bounds.length; i++) {
            merged[size++] = bounds[i];
        }
        return new PinnedSpans(Arrays.copyOf(merged, size));
    }

    /** Those before a position. */
    public PinnedSpans before(int position) {
        int spans = spans(position);
        if (2 * spans == bounds.length && (spans == 0 || bounds[2 * spans - 1] <= position)) {
            return this;
        }
        int[] cut = Arrays.copyOf(bounds, 2 * spans);
        if (spans > 0) {
            cut[2 * spans - 1] = Math.min(cut[2 * spans - 1], position);
        }
        return new PinnedSpans(cut);
    }

    public boolean isEmpty() {
        return bounds.length == 0;
    }

    /** How many spans begin before a position. */
    public int spans(int position) {
        int spans = 0;
        while (2 * spans < bounds.length && bounds[2 * spans] < position) {
            spans++;
        }
        return spans;
    }

    /** First token of the i-th span. */
    public int from(int i) {
        return bounds[2 * i];
    }

    /** Behind the last token of the i-th span. */
    public int end(int i) {
        return bounds[2 * i + 1];
    }

    /** How many of the tokens before a position are pinned. */
    public int count(int position) {
        int count = 0;
        for (int i = 0; i < spans(position); i++) {
            count += Math.min(end(i), position) - from(i);
        }
        return count;
    }

    /** Writes {@code value} to the places of those before a position. */
    public void fill(float[] perToken, int position, float value) {
        for (int i = 0; i < spans(position); i++) {
            Arrays.fill(perToken, from(i), Math.min(end(i), position), value);
        }
    }

    /** Whether one of the tokens {@code from} to {@code end - 1} is pinned. */
    boolean touch(int from, int end) {
        for (int i = 0; i < bounds.length; i += 2) {
            if (bounds[i] < end && bounds[i + 1] > from) {
                return true;
            }
        }
        return false;
    }
}
