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

    private static int blockStart(KvLayer layer) {
        return (layer.tokens() - 1) / KvLayout.BLOCK_TOKENS * KvLayout.BLOCK_TOKENS;
    }

    /** Where in a KV head's list the tokens of the newest block begin. */
    static int firstRecent(KvLayer layer, int kvHead, Selection selection) {
        int[] positions = selection.positions(kvHead);
        int first = selection.count(kvHead);
        while (first > 0 && positions[first - 1] >= blockStart(layer)) {
            first--;
        }
        return first;
    }

    /** Folds the tokens, of which there is at least the newest, into the tile's running softmax. */
    void attend(AttentionTile tile, KvLayer layer, int kvHead, Selection selection) {
        int start = blockStart(layer);
        int first = firstRecent(layer, kvHead, selection);
        int count = selection.count(kvHead) - first;
        if (count == layer.tokens() - start) {
            long keys = layer.floatHead(start, kvHead);
            tile.seeAll(count);
            kernels.attend(tile, keys, keys + floats.keyBytes(), count);
            return;
        }
        rows.clear();
        for (int i = first; i < first + count; i++) {
            rows.add(layer, selection.positions(kvHead)[i], kvHead);
        }
        rows.attend(tile);
    }
}
