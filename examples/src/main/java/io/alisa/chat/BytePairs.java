package io.alisa.chat;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;

/**
 * Byte-pair encoding of one piece of text: of all neighbours those of the best rank are merged, the first ones where
 * several have it, and so on until none can be merged.
 *
 * <p>The pairs wait in a queue and the parts are a linked list, so that a piece may be long: a word is one piece, and
 * nobody says how long a word can be.
 */
final class BytePairs {
    private static final Comparator<Pair> BEST_FIRST = Comparator.comparingLong(Pair::rank)
            .thenComparingInt(Pair::left);
    private static final int MERGED = -1;

    private final String letters;
    private final Map<String, Long> ranks;
    /** By where a part begins: where the next one does. */
    private final int[] next;
    /** By where a part begins: where the one before it does. */
    private final int[] previous;
    private final PriorityQueue<Pair> pairs = new PriorityQueue<>(BEST_FIRST);

    /** Two neighbours at the time they were found: where they begin, and where the second one ends. */
    private record Pair(long rank, int left, int right, int end) {
    }

    private BytePairs(String letters, Map<String, Long> ranks) {
        this.letters = letters;
        this.ranks = ranks;
        int size = letters.length();
        this.next = new int[size];
        this.previous = new int[size];
        for (int i = 0; i < size; i++) {
            next[i] = i + 1;
            previous[i] = i - 1;
        }
    }

    /**
     * The parts that remain of a piece.
     *
     * @param ranks of two parts with a blank between them; a lower one is better
     */
    static List<String> merge(String letters, Map<String, Long> ranks) {
        BytePairs piece = new BytePairs(letters, ranks);
        piece.mergeAll();
        return piece.parts();
    }

    private void mergeAll() {
        for (int left = 0; left < letters.length(); left++) {
            find(left);
        }
        for (Pair best = pairs.poll(); best != null; best = pairs.poll()) {
            if (areStillNeighbours(best)) {
                join(best);
            }
        }
    }

    /** Whether neither has become a part of something longer since; taking such pairs out at once would be a search. */
    private boolean areStillNeighbours(Pair pair) {
        return next[pair.left] == pair.right && next[pair.right] == pair.end;
    }

    private void join(Pair pair) {
        next[pair.left] = pair.end;
        next[pair.right] = MERGED;
        if (pair.end < letters.length()) {
            previous[pair.end] = pair.left;
        }
        find(previous[pair.left]);
        find(pair.left);
    }

    /** Adds the pair that begins with this part, if there is one that can be merged. */
    private void find(int left) {
        if (left < 0 || next[left] == letters.length()) {
            return;
        }
        int right = next[left];
        int end = next[right];
        Long rank = ranks.get(letters.substring(left, right) + " " + letters.substring(right, end));
        if (rank != null) {
            pairs.add(new Pair(rank, left, right, end));
        }
    }

    private List<String> parts() {
        List<String> parts = new ArrayList<>();
        for (int from = 0; from < letters.length(); from = next[from]) {
            parts.add(letters.substring(from, next[from]));
        }
        return parts;
    }
}
