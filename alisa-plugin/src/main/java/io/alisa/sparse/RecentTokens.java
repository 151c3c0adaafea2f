package io.alisa.sparse;

import io.alisa.attention.AttentionKernels;
import io.alisa.attention.AttentionTile;
import io.alisa.attention.GatheredRows;
import io.alisa.cache.KvFormat;
import io.alisa.cache.KvLayer;
import io.alisa.cache.KvLayout;
import io.alisa.cache.KvSession;

/** Attends the selected tokens of the newest block, which are kept in floats. Owned by one worker. */
final class RecentTokens {
    private final AttentionKernels kernels;
    private final KvLayout floats;
    private final GatheredRows rows;

    RecentTokens(KvSession session, AttentionKernels kernels) {
        this.kernels = kernels;
        this.floats = new KvLayout(KvFormat.F32, session.layout().kvHeads(), session.layout().headSize());
        this.rows = GatheredRows.ofFloats(session, kernels);
    }

    /**
     * Folds the tokens, of which there is at least the newest, into the tile's running softmax.
     *
     * @param selected a bit per token of the newest block
     */
    void attend(AttentionTile tile, KvLayer layer, int kvHead, long selected) {
        int block = (layer.tokens() - 1) / KvLayout.BLOCK_TOKENS;
        int start = block * KvLayout.BLOCK_TOKENS;
        int count = Long.bitCount(selected);
        if (count == layer.tokens() - start) {
            long keys = layer.floatHead(start, kvHead);
            tile.seeAll(count);
            kernels.attend(tile, keys, keys + floats.keyBytes(), count);
        } else {
            rows.clear();
            rows.add(layer, kvHead, block, selected);
            rows.attend(tile);
        }
    }
}
