package io.alisa.cache;

import java.lang.foreign.Arena;

/**
 * Off-heap memory for equal blocks: a slab holds the same block of every layer, and several such blocks where they are
 * small. Used under its session's lock; {@link #bytes()} by any thread.
 */
final class Slabs {
    /** Slabs below this size are grown to it, so that small models do not ask for memory every 64 tokens. */
    private static final long MIN_SLAB_BYTES = 1 << 18;
    /** Start of a slab: a cache line, which is also the widest vector. */
    private static final long ALIGNMENT = 64;

    private final Arena arena;
    private final int layers;
    private final long blockBytes;
    private final int blocksPerSlab;
    private final long[] slabs;
    private volatile long bytes;

    Slabs(Arena arena, int layers, long blockBytes, int maxBlocks) {
        this.arena = arena;
        this.layers = layers;
        this.blockBytes = blockBytes;
        this.blocksPerSlab = (int) Math.max(1, MIN_SLAB_BYTES / (layers * blockBytes));
        this.slabs = new long[(maxBlocks + blocksPerSlab - 1) / blocksPerSlab];
    }

    /** Address of a block, zeroed when it is new; valid until the arena closes. */
    @SuppressWarnings("NonAtomicVolatileUpdate")
    long block(int layer, int block) {
        int slab = block / blocksPerSlab;
        if (slabs[slab] == 0) {
            long size = (long) blocksPerSlab * layers * blockBytes;
            slabs[slab] = arena.allocate(size, ALIGNMENT).address();
            bytes = bytes + size; // only under the session's lock
        }
        return slabs[slab] + ((long) (block % blocksPerSlab) * layers + layer) * blockBytes;
    }

    long bytes() {
        return bytes;
    }
}
