package io.alisa.host;

import java.util.Arrays;

/**
 * How the KV of a session was computed: which tokens came together in one batch, and from where on tokens were decoded
 * sparsely. All others were decoded one by one, seeing everything. Not thread-safe.
 */
final class BatchLog {
    /** Start and end of each batch, ascending. */
    private int[] bounds = new int[16];
    private int size;
    private int sparseFrom = Integer.MAX_VALUE;

    /** Notes the tokens {@code start} to {@code end - 1}, which came behind all others. */
    void add(int start, int end, boolean sparse) {
        cut(start);
        if (sparse) {
            addSparse(start);
        }
        if (end - start > 1) {
            if (size == bounds.length) {
                bounds = Arrays.copyOf(bounds, 2 * size);
            }
            bounds[size++] = start;
            bounds[size++] = end;
        }
    }

    /** Notes that a token was decoded sparsely. */
    void addSparse(int position) {
        sparseFrom = Math.min(sparseFrom, position);
    }

    /** Forgets the tokens from a position on; the rest of a batch did not come alone, and is still none. */
    void cut(int position) {
        while (size > 0 && bounds[size - 1] > position) {
            size -= 2;
        }
        if (sparseFrom >= position) {
            sparseFrom = Integer.MAX_VALUE;
        }
    }

    /** Start and end of each batch, in turn. */
    int[] bounds() {
        return Arrays.copyOf(bounds, size);
    }

    /** Whether these tokens, and no others, were one batch. */
    boolean isBatch(int start, int end) {
        for (int i = 0; i < size; i += 2) {
            if (bounds[i] == start) {
                return bounds[i + 1] == end;
            }
        }
        return false;
    }

    /** Where the last batch ends: behind the last prompt. */
    int lastEnd() {
        return size == 0 ? 0 : bounds[size - 1];
    }

    /** The first token that was decoded without seeing all others; behind them all where there is none. */
    int sparseFrom() {
        return sparseFrom;
    }

    /** A copy of what concerns the first tokens. */
    BatchLog first(int tokens) {
        BatchLog copy = new BatchLog();
        copy.bounds = bounds.clone();
        copy.size = size;
        copy.sparseFrom = sparseFrom;
        copy.cut(tokens);
        return copy;
    }
}
