package io.alisa.cache;

import java.nio.ByteBuffer;

import io.alisa.tier.PieceReader;

/**
 * Reads blocks that are not in RAM for somebody who wants them one after the other, a KV head at a time: a session may be
 * saved where there is no room for all its {@link BlockReaders}, so some kilobytes on the heap must do. Used under the
 * session's lock, while the layer is pinned.
 */
final class HeadReader {
    private final SlowTier slow;
    private final PieceReader pieces = new PieceReader();
    private final ByteBuffer buffer;

    HeadReader(KvLayout layout, SlowTier slow) {
        this.slow = slow;
        this.buffer = ByteBuffer.allocate(Math.toIntExact(layout.headBytes()));
    }

    /**
     * What a KV head has in a block, valid until the next one is read.
     *
     * @throws io.alisa.tier.DamagedPieceException where it is not what was written
     */
    ByteBuffer read(KvLayer layer, int block, int kvHead) {
        slow.check(pieces, layer.index(), kvHead, block, 1, buffer.clear());
        return buffer.flip();
    }
}
