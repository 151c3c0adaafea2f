package io.alisa.chat;

import java.util.Arrays;
import java.util.stream.Collectors;

/** Token ids; they only ever grow. */
final class TokenList {
    private int[] ids;
    private int size;

    TokenList() {
        this.ids = new int[256];
    }

    private TokenList(int[] ids) {
        this.ids = ids;
        this.size = ids.length;
    }

    static TokenList of(int... ids) {
        return new TokenList(ids.clone());
    }

    int size() {
        return size;
    }

    int last() {
        return ids[size - 1];
    }

    void add(int id) {
        if (size == ids.length) {
            ids = Arrays.copyOf(ids, Math.max(16, 2 * size));
        }
        ids[size++] = id;
    }

    void addAll(TokenList more) {
        for (int i = 0; i < more.size; i++) {
            add(more.ids[i]);
        }
    }

    TokenList slice(int from, int to) {
        return new TokenList(Arrays.copyOfRange(ids, from, to));
    }

    /** Whether all are ids of a vocabulary of that size. */
    boolean areBelow(int vocabulary) {
        return Arrays.stream(ids, 0, size).allMatch(id -> id >= 0 && id < vocabulary);
    }

    int[] toArray() {
        return Arrays.copyOf(ids, size);
    }

    /** Where the other list is different, as {@link Arrays#mismatch(int[], int[])}. */
    int mismatch(TokenList other) {
        return Arrays.mismatch(ids, 0, size, other.ids, 0, other.size);
    }

    /** Whether {@code longer} begins with these ids. */
    boolean isPrefixOf(TokenList longer) {
        int apart = mismatch(longer);
        return apart < 0 || apart == size;
    }

    /** The ids, with blanks between them. */
    @Override
    public String toString() {
        return Arrays.stream(ids, 0, size).mapToObj(Integer::toString).collect(Collectors.joining(" "));
    }

    /** The opposite of {@link #toString()}. */
    static TokenList parse(String numbers) {
        return numbers.isBlank()
                ? new TokenList()
                : new TokenList(
                        Arrays.stream(numbers.strip().split(" ", -1)).mapToInt(Integer::parseInt).toArray());
    }
}
