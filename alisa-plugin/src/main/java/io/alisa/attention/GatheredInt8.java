package io.alisa.attention;

import io.alisa.cache.KvLayer;
import io.alisa.cache.KvLayout;

/** Gathered INT8 rows are attended where they lie. */
final class GatheredInt8 implements GatheredRows {
    private final Int8Kernels kernels;
    private final int worker;
    private final Int8Rows rows;

    GatheredInt8(KvLayout layout, Int8Kernels kernels, int worker) {
        this.kernels = kernels;
        this.worker = worker;
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
    public void touchScales(KvLayer layer, int kvHead, int block, AttentionTile tile) {
        rows.touchScales(layer.head(block, kvHead, worker), tile);
    }

    @Override
    public long add(KvLayer layer, int kvHead, int block, long selected) {
        return rows.add(layer.head(block, kvHead, worker), selected);
    }

    @Override
    public void attend(AttentionTile tile) {
        rows.touch(tile);
        kernels.attend(tile, rows);
    }
}
