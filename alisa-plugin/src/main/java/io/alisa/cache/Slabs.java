package io.alisa.cache;

import io.alisa.memory.Region;

/**
 * Off-heap memory for equal blocks: a slab holds the same block of every layer, and several such blocks where they are
 * small. Never gives any back before its session closes. Used under the session's lock.
 */
final class Slabs {
    /** Slabs below this size are grown to it, so that small models do not ask for memory every 64 tokens. */
    static final long MIN_SLAB_BYTES = 1 << 18;

    private final Region region;
    private final KvTiers memory;
    private final int layers;
    private final long blockBytes;
    private final int blocksPerSlab;
    private final long[] slabs;

    Slabs(Region region, KvTiers memory, int layers, long blockBytes, int maxBlocks) {
        this.region = region;
        this.memory = memory;
        this.layers = layers;
        this.blockBytes = blockBytes;
        this.blocksPerSlab = (int) Math.max(1, MIN_SLAB_BYTES / (layers * blockBytes));
        this.slabs = new long[(maxBlocks + blocksPerSlab - 1) / blocksPerSlab];
    }

    /** Address of a block, zeroed when it is new; valid until the region closes. */
    long block(int layer, int block) {
        int slab = block / blocksPerSlab;
        if (slabs[slab] == 0) {
            long size = (long) blocksPerSlab * layers * blockBytes;
            slabs[slab] = memory.allocate(region, size);
        }
        return slabs[slab] + ((long) (block % blocksPerSlab) * layers + layer) * blockBytes;
    }
}
