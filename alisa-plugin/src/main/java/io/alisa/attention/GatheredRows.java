package io.alisa.attention;

import io.alisa.cache.KvFormat;
import io.alisa.cache.KvLayer;
import io.alisa.cache.KvLayout;
import io.alisa.cache.KvSession;

/** Up to 64 tokens of one KV head, from anywhere in a layer, to be attended together. Owned by one worker. */
public interface GatheredRows {
    /** For tokens that a layer of the session keeps in floats. */
    static GatheredRows ofFloats(KvSession session, AttentionKernels kernels) {
        return new GatheredFloats(session, kernels);
    }

    /** For tokens of the session's format, some of which {@code worker} may have opened to read them from a file. */
    static GatheredRows of(KvSession session, AttentionKernels kernels, int worker) {
        return session.layout().format() == KvFormat.INT8
                ? new GatheredInt8(session.layout(), kernels.int8(), worker)
                : new GatheredFloats(session, kernels);
    }

    int count();

    void clear();

    /** Fetches into the cache what {@link #add} is about to read of a block of the KV head, where that is scattered. */
    default void touchScales(KvLayer layer, int kvHead, int block, AttentionTile tile) {
    }

    /**
     * Adds tokens of a block of the KV head, as many as there is room for.
     *
     * @param selected a bit per token
     * @return the bits of those that are left
     */
    long add(KvLayer layer, int kvHead, int block, long selected);

    /** Has those of a block's tokens stay in RAM that are attended again and again, where the block was read from a file. */
    default void keepHot(KvLayer layer, int kvHead, int block, long selected) {
    }

    /** Folds the rows, at least one, into the tile's running softmax. */
    void attend(AttentionTile tile);

    default boolean isFull() {
        return count() == KvLayout.BLOCK_TOKENS;
    }
}
