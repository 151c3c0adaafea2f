package io.alisa.cache;

/**
 * How arrays grow that are as long as the context: by a quarter, so that what is held and not needed yet is little of what
 * the fast tier's cap leaves, and a step that allocates is rare.
 */
public final class Growth {
    /** How much longer an array is than what it must have, at most, once it grew that way. */
    public static final double MOST = 1.25;

    private Growth() {
    }

    /** The new length of an array of {@code had} elements that must have {@code needed}. */
    public static int of(int had, int needed) {
        return Math.max(needed, had + had / 4);
    }
}
