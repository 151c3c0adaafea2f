package io.alisa.device;

import org.jspecify.annotations.Nullable;

/**
 * Which tokens a device is to select for each KV head: the first ones, the pinned ones, the newest, and the most important
 * of the others by what their block's digest lets it estimate. Reused from step to step.
 */
public final class TokenChoice {
    private int tokens;
    private int sinks;
    private int windowStart;
    private int wanted;
    private long @Nullable [] pinned;

    /**
     * Says what is chosen.
     *
     * @param all   tokens of the context
     * @param first so many tokens from the beginning on are selected
     * @param from  the tokens from this position on are selected
     * @param most  how many of the tokens between that are not pinned are selected, 1 to all of them
     * @param fixed a word for each block, in which bit {@code i} says that token {@code i} is selected whatever it
     *              weighs; null: none is
     */
    public void set(int all, int first, int from, int most, long @Nullable [] fixed) {
        tokens = all;
        sinks = first;
        windowStart = from;
        wanted = most;
        pinned = fixed;
    }

    public int tokens() {
        return tokens;
    }

    public int sinks() {
        return sinks;
    }

    public int windowStart() {
        return windowStart;
    }

    public int wanted() {
        return wanted;
    }

    public long @Nullable [] pinned() {
        return pinned;
    }
}
