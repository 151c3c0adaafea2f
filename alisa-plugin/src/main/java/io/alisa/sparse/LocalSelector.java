package io.alisa.sparse;

import io.alisa.cache.KvLayer;

/**
 * The most recent tokens and no others: the sliding window of Longformer (Beltagy et al. 2020, section 3.1), which is
 * the paper's baseline "local". The trivial policy: whatever is worth its work does better. Immutable.
 *
 * @param budget the whole of it is the window
 */
public record LocalSelector(Budget budget) implements TokenSelector {
    @Override
    public void select(KvLayer layer, float[] queries, Selection selection) {
        int tokens = layer.tokens();
        int pinned = budget.pinnedApart(selection.pinnedSpans(), tokens, 0, 1);
        selection.addRange(0, tokens - budget.total(tokens, pinned), tokens);
        selection.shareFirst();
    }
}
