package io.alisa.attention;

import io.alisa.cache.KvLayer;
import io.alisa.cache.KvLayout;

/** Gathered INT8 rows are attended where they lie. */
final class GatheredInt8 implements GatheredRows {
    private final Int8Kernels kernels;
    private final Int8Rows rows;

    GatheredInt8(KvLayout layout, Int8Kernels kernels) {
        this.kernels = kernels;
        this.rows = new Int8Rows(layout.headSize());
    }

    @Override
    public int count() {
        return rows.count();
    }

    @Override
    public void clear() {
        rows.clear();
    }

    @Override
    public void add(KvLayer layer, int position, int kvHead) {
        rows.add(layer.head(position, kvHead), position % KvLayout.BLOCK_TOKENS, 0f);
    }

    @Override
    public void attend(AttentionTile tile) {
        kernels.attend(tile, rows);
    }
}
