package io.alisa.cache;

import io.alisa.memory.Region;
import org.jspecify.annotations.Nullable;

/** F32 blocks that a batch needs while it is worked on. Used under the session's lock. */
final class Staging {
    private final long blockBytes;
    private final KvTiers memory;
    private @Nullable Region region;
    private long address;
    private int blocks;

    Staging(KvLayout layout, KvTiers memory) {
        blockBytes = layout.blockBytes();
        this.memory = memory;
    }

    /** Over memory that belongs to somebody else, enough for every batch. */
    Staging(KvLayout layout, KvTiers memory, long address, int blocks) {
        this(layout, memory);
        this.address = address;
        this.blocks = blocks;
    }

    /** Makes room for {@code count} blocks; none gives the memory back. */
    void reserve(int count) {
        if (count == 0) {
            release();
        } else if (count > blocks) {
            release();
            Region fresh = new Region();
            address = memory.allocate(fresh, count * blockBytes);
            region = fresh;
            blocks = count;
        }
    }

    long block(int index) {
        return address + index * blockBytes;
    }

    void release() {
        Region existing = region;
        if (existing != null) {
            existing.close();
            memory.release(blocks * blockBytes);
            region = null;
            blocks = 0;
        }
    }
}
