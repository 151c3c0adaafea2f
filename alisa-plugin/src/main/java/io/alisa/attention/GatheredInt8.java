package io.alisa.attention;

import io.alisa.cache.HotTokens;
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
        if (isOpen(layer, kvHead, block)) {
            rows.touchScales(layer.head(block, kvHead, worker), tile);
        }
    }

    @Override
    public long add(KvLayer layer, int kvHead, int block, long selected) {
        return isOpen(layer, kvHead, block)
                ? rows.add(layer.head(block, kvHead, worker), selected)
                : addHot(layer.hot(), kvHead, block, selected);
    }

    /** In the same order: results do not depend on where tokens are. */
    private long addHot(HotTokens hot, int kvHead, int block, long selected) {
        long head = hot.head(kvHead, block);
        long left = selected;
        for (; left != 0 && !rows.isFull(); left &= left - 1) {
            rows.add(head, hot.row(kvHead, block, Long.numberOfTrailingZeros(left)));
        }
        return left;
    }

    private boolean isOpen(KvLayer layer, int kvHead, int block) {
        return layer.isAllResident() || layer.reader(worker).isOpen(layer, block, kvHead);
    }

    @Override
    public void keepHot(KvLayer layer, int kvHead, int block, long selected) {
        if (!layer.isResident(block) && isOpen(layer, kvHead, block)) {
            layer.hot().keep(kvHead, block, layer.head(block, kvHead, worker), selected);
        }
    }

    @Override
    public void attend(AttentionTile tile) {
        rows.touch(tile);
        kernels.attend(tile, rows);
    }
}
