package io.alisa.cache;

import org.jspecify.annotations.Nullable;

/**
 * Computes tokens of a prompt again that were deleted from every tier. Whoever knows the model implements it.
 *
 * <p>Used under the session's lock.
 */
public interface Recomputer {
    /**
     * Why nothing can be computed again, as a part of a sentence, for instance {@code alisa.recompute is off}; null where it
     * can be.
     */
    @Nullable
    String objection();

    /** Bytes of what is kept from layer to layer for a batch of that many tokens. */
    long stateBytes(int tokens);

    /**
     * Begins to compute a batch again, exactly as it was computed first.
     *
     * @param start  position of its first token
     * @param tokens ids of its tokens
     */
    State begin(int start, int[] tokens);

    /** A batch on its way through the layers. Closed when the step at hand ends, wherever it stands then. */
    interface State extends AutoCloseable {
        /**
         * Leads the batch through the next layer: as when it was computed first, its keys and values are written to
         * {@code view} and attended there.
         *
         * @param layer 0 at the first call, one more at each
         * @param view  the layer as it was then: all tokens before the batch, and room for its own
         * @throws io.alisa.tier.DamagedPieceException where a block before the batch does not come back
         */
        void advance(int layer, KvLayer view);

        @Override
        void close();
    }
}
