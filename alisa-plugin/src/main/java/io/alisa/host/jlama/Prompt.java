package io.alisa.host.jlama;

import java.util.Arrays;

/** Tokens that are to be computed, and the position of the first. Immutable: nobody changes the array. */
final class Prompt {
    private final int[] ids;
    private final int start;

    Prompt(int start, int... ids) {
        this.start = start;
        this.ids = ids;
    }

    int[] ids() {
        return ids;
    }

    int start() {
        return start;
    }

    /** The rest from a position on. */
    int[] from(int position) {
        return Arrays.copyOfRange(ids, position - start, ids.length);
    }

    /** With other tokens before it. */
    Prompt after(int... before) {
        int[] all = Arrays.copyOf(before, before.length + ids.length);
        System.arraycopy(ids, 0, all, before.length, ids.length);
        return new Prompt(start - before.length, all);
    }
}
