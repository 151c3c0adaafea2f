package io.alisa.sparse;

import io.alisa.cache.KvLayer;

/**
 * The first tokens, which soak up attention whatever they say, and the most recent ones: StreamingLLM (Xiao et al.
 * 2024, section 3.2). Immutable.
 *
 * @param budget {@link Budget#SINKS} of it go to the first tokens, but never more than half: our choice
 */
public record StreamingSelector(Budget budget) implements TokenSelector {
    @Override
    public void select(KvLayer layer, float[] queries, Selection selection) {
        int tokens = layer.tokens();
        int total = budget.total(tokens, budget.pinnedApart(selection.pinnedSpans(), tokens, Budget.SINKS, 1));
        int sinks = Math.min(Budget.SINKS, total / 2);
        selection.addRange(0, 0, sinks);
        selection.addRange(0, tokens - (total - sinks), tokens);
        selection.shareFirst();
    }
}
