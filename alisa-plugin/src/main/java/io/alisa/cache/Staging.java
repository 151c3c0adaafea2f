package io.alisa.cache;

import java.lang.foreign.Arena;

import org.jspecify.annotations.Nullable;

/** F32 blocks that a batch needs while it is worked on. Used under the session's lock. */
final class Staging {
    private final long blockBytes;
    private final KvTiers memory;
    private @Nullable Arena arena;
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
            Arena fresh = Arena.ofShared();
            address = memory.allocate(fresh, count * blockBytes);
            arena = fresh;
            blocks = count;
        }
    }

    long block(int index) {
        return address + index * blockBytes;
    }

    void release() {
        Arena existing = arena;
        if (existing != null) {
            existing.close();
            memory.release(blocks * blockBytes);
            arena = null;
            blocks = 0;
        }
    }
}
