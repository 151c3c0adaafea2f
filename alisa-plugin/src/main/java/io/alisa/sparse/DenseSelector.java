package io.alisa.sparse;

import io.alisa.cache.KvLayer;

/** All tokens: the optimum that every policy is compared with, by the same code path. Immutable. */
public final class DenseSelector implements TokenSelector {
    @Override
    public void select(KvLayer layer, float[] queries, Selection selection) {
        selection.addRange(0, 0, layer.tokens());
        selection.shareFirst();
    }
}
