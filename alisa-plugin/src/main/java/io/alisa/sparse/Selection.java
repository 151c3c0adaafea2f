package io.alisa.sparse;

/**
 * The tokens one step attends: a list of positions per KV head, ascending. Reused from step to step. Different KV heads
 * may be filled by different threads.
 */
public final class Selection {
    private final int[][] positions;
    private final int[] counts;

    public Selection(int kvHeads) {
        positions = new int[kvHeads][0];
        counts = new int[kvHeads];
    }

    public int kvHeads() {
        return counts.length;
    }

    /** Positions of a KV head; only the first {@link #count} are meant. */
    public int[] positions(int kvHead) {
        return positions[kvHead];
    }

    public int count(int kvHead) {
        return counts[kvHead];
    }

    /** Empties all lists and makes room for {@code capacity} positions in each; allocates only when it grew much. */
    public void begin(int capacity) {
        for (int head = 0; head < counts.length; head++) {
            counts[head] = 0;
            if (positions[head].length < capacity) {
                positions[head] = new int[Math.max(capacity, 2 * positions[head].length)];
            }
        }
    }

    /** Adds a position that is larger than all before. */
    public void add(int kvHead, int position) {
        positions[kvHead][counts[kvHead]++] = position;
    }

    /** Adds the positions {@code from} to {@code end - 1}. */
    public void addRange(int kvHead, int from, int end) {
        for (int position = from; position < end; position++) {
            add(kvHead, position);
        }
    }

    /** Gives all KV heads the list of the first. */
    public void shareFirst() {
        for (int head = 1; head < counts.length; head++) {
            System.arraycopy(positions[0], 0, positions[head], 0, counts[0]);
            counts[head] = counts[0];
        }
    }
}
