package io.alisa.attention;

import io.alisa.cache.KvFormat;
import io.alisa.cache.KvLayer;
import io.alisa.cache.KvLayout;
import io.alisa.cache.KvSession;
import io.alisa.memory.OffHeap;

/** Gathered tokens in floats are copied into a block of their own. */
final class GatheredFloats implements GatheredRows {
    private final AttentionKernels kernels;
    private final KvLayout layout;
    private final long block;
    private final float[] row;
    private int count;

    GatheredFloats(KvSession session, AttentionKernels kernels) {
        this.kernels = kernels;
        this.layout = new KvLayout(KvFormat.F32, 1, session.layout().headSize());
        this.block = session.scratch(layout.headBytes());
        this.row = new float[layout.headSize()];
    }

    @Override
    public int count() {
        return count;
    }

    @Override
    public void clear() {
        count = 0;
    }

    @Override
    public long add(KvLayer layer, int kvHead, int block, long selected) {
        long left = selected;
        for (; left != 0 && !isFull(); left &= left - 1) {
            add(layer, block * KvLayout.BLOCK_TOKENS + Long.numberOfTrailingZeros(left), kvHead);
        }
        return left;
    }

    private void add(KvLayer layer, int position, int kvHead) {
        layer.rows().readKey(position, kvHead, row);
        long key = block + (long) count * Float.BYTES;
        for (int channel = 0; channel < row.length; channel++) {
            OffHeap.setFloat(key + (long) channel * KvLayout.BLOCK_TOKENS * Float.BYTES, row[channel]);
        }
        layer.rows().readValue(position, kvHead, row);
        long value = block + layout.keyBytes() + (long) count * layout.paddedHeadSize() * Float.BYTES;
        for (int channel = 0; channel < row.length; channel++) {
            OffHeap.setFloat(value + (long) channel * Float.BYTES, row[channel]);
        }
        count++;
    }

    @Override
    public void attend(AttentionTile tile) {
        tile.seeAll(count);
        kernels.attend(tile, block, block + layout.keyBytes(), count);
    }
}
