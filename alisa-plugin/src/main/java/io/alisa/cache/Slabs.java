package io.alisa.cache;

import java.util.function.LongFunction;

import org.jspecify.annotations.Nullable;

/**
 * Off-heap memory for equal blocks: a slab holds the same block of every layer, and several such blocks where they are
 * small. Used under the session's lock.
 */
final class Slabs implements AutoCloseable {
    /** Slabs below this size are grown to it, so that small models do not ask for memory every 64 tokens. */
    static final long MIN_SLAB_BYTES = 1 << 18;

    private final LongFunction<HeldBytes> memory;
    private final int layers;
    private final long blockBytes;
    private final int blocksPerSlab;
    private final @Nullable HeldBytes[] slabs;

    /** @param memory where slabs of so many bytes come from */
    Slabs(LongFunction<HeldBytes> memory, int layers, long blockBytes, int maxBlocks) {
        this.memory = memory;
        this.layers = layers;
        this.blockBytes = blockBytes;
        this.blocksPerSlab = (int) Math.max(1, MIN_SLAB_BYTES / (layers * blockBytes));
        this.slabs = new HeldBytes[(maxBlocks + blocksPerSlab - 1) / blocksPerSlab];
    }

    /** Address of a block, zeroed when its slab is new; valid until that is cut off or closed. */
    long block(int layer, int block) {
        int index = block / blocksPerSlab;
        HeldBytes slab = slabs[index];
        if (slab == null) {
            slab = memory.apply(slabBytes());
            slabs[index] = slab;
        }
        return slab.address() + ((long) (block % blocksPerSlab) * layers + layer) * blockBytes;
    }

    /** Bytes of slabs that the first blocks need and are not there. */
    long missingBytes(int blocks) {
        long missing = 0;
        for (int index = 0; index < (blocks + blocksPerSlab - 1) / blocksPerSlab; index++) {
            missing += slabs[index] == null ? slabBytes() : 0;
        }
        return missing;
    }

    private long slabBytes() {
        return (long) blocksPerSlab * layers * blockBytes;
    }

    /** Gives back what holds none of the first blocks: nobody may use the others any more. */
    void cutBack(int blocks) {
        for (int index = (blocks + blocksPerSlab - 1) / blocksPerSlab; index < slabs.length; index++) {
            HeldBytes slab = slabs[index];
            if (slab != null) {
                slabs[index] = null;
                slab.close();
            }
        }
    }

    @Override
    public void close() {
        cutBack(0);
    }
}
