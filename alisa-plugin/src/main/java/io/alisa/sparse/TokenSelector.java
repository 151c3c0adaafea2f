package io.alisa.sparse;

import java.util.List;

import io.alisa.cache.KvLayer;
import io.alisa.device.TokenChoice;
import org.jspecify.annotations.Nullable;

/**
 * A policy: chooses the tokens each decode step attends. One per session and layer; used by one thread at a time but for
 * {@link #selectHead}, so it may keep state. Allocates only when the context has grown much.
 */
public interface TokenSelector {
    /**
     * Says that the tokens from {@code position} on are new, at the start of every step and every batch: what is remembered
     * of others that stood there does not count any more.
     */
    default void begin(int position) {
    }

    /**
     * Fills the lists of all KV heads for the newest token, which is the layer's last and must be in every list. Not
     * asked where {@link Budget#isDense} holds. The caller has emptied the lists and made room for all tokens.
     *
     * <p>A policy to which KV heads are much work, each on its own, only takes note here and leaves the lists to
     * {@link #selectHead}.
     *
     * @param layer   holds {@code layer.tokens()} tokens, the newest included
     * @param queries the step's query rows, see {@link io.alisa.attention.AttentionShape#row}
     */
    void select(KvLayer layer, float[] queries, Selection selection);

    /**
     * Fills the list of one KV head where {@link #select} has left that to do. Called once per KV head after every
     * {@code select}, by several threads at once.
     *
     * @param worker number of the thread, see {@link io.alisa.parallel.Job}
     */
    default void selectHead(int kvHead, int worker) {
    }

    /**
     * What a device has to select for the step at hand, so that it need not be asked head by head; null where it must be.
     * The tokens of the newest block are all selected then.
     */
    default @Nullable TokenChoice choice() {
        return null;
    }

    /** Whether {@link #observe} is wanted, which costs a little. */
    default boolean observes() {
        return false;
    }

    /** What the selection at hand leaves out, estimated; null where the policy does not. */
    default @Nullable SkippedMass skipped() {
        return null;
    }

    /** How many of a prompt batch's last rows are to be observed. */
    default int observedPromptRows() {
        return 0;
    }

    /**
     * What the attended tokens weighed: once per row and KV head, rows in the order of their positions, KV heads
     * ascending; also for dense steps.
     *
     * @param position  of the row
     * @param attended  positions attended, the first {@code count} of them
     * @param weights   the softmax weight of each, summed over the query heads of the group
     */
    default void observe(int position, int kvHead, int[] attended, int count, float[] weights) {
    }

    /** What it remembers of past weights, for a session that is saved: rows of its own, none where it remembers nothing. */
    default List<float[]> memory() {
        return List.of();
    }

    /**
     * Remembers again what {@link #memory} said; nothing was observed yet.
     *
     * @param tokens of the session
     * @throws IllegalArgumentException with the end of a sentence where these are no such rows
     */
    default void remember(List<float[]> rows, int tokens) {
        if (!rows.isEmpty()) {
            throw new IllegalArgumentException("its policy remembers nothing and rows are there");
        }
    }
}
