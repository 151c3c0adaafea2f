package io.alisa.sparse;

import io.alisa.cache.KvLayer;

/**
 * Half the budget for the most recent tokens, half for tokens at even distances before them: the strided pattern of
 * Sparse Transformer (Child et al. 2019, section 4.3), which is the paper's baseline "strided".
 *
 * <p>As there, the strides are counted backwards from the newest token, so that they wander along with it. How long
 * one is follows from the budget instead of being given: our choice. Immutable.
 *
 * @param budget half of it is the window
 */
public record StridedSelector(Budget budget) implements TokenSelector {
    @Override
    public void select(KvLayer layer, float[] queries, Selection selection) {
        int tokens = layer.tokens();
        int pinned = budget.pinnedApart(selection.pinnedSpans(), tokens, 0, 2);
        int window = budget.window(tokens, pinned);
        int windowFrom = tokens - window;
        int strided = budget.total(tokens, pinned) - window;
        for (int strides = strided - 1; strides >= 0; strides--) {
            selection.add(0, windowFrom - 1 - (int) ((long) strides * windowFrom / strided));
        }
        selection.addRange(0, windowFrom, tokens);
        selection.shareFirst();
    }
}
