package io.alisa.host;

import org.jspecify.annotations.Nullable;

/** Called in place of a host's attention layer. Arguments are the host's own objects. */
public interface AttentionHook {
    /**
     * Does one attention layer for a batch of positions.
     *
     * @param attention     the host's attention layer
     * @param input         normalised hidden states, {@code [batch][hidden]}
     * @param startPosition position of the first row
     * @param kvBuffer      the host's cache object: the session's identity
     * @param reducer       sums partial results of a head-split model
     * @return the layer's output; null: not ours, the host does it itself
     */
    @Nullable
    Object attend(Object attention, Object input, int startPosition, Object kvBuffer, Object reducer);
}
