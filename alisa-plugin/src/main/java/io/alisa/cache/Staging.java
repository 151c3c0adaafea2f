package io.alisa.cache;

import java.lang.foreign.Arena;

import org.jspecify.annotations.Nullable;

/** F32 blocks that a batch needs while it is worked on. Used under the session's lock; {@link #bytes} by any thread. */
final class Staging {
    private static final long ALIGNMENT = 64;

    private final long blockBytes;
    private @Nullable Arena arena;
    private long address;
    private int blocks;

    Staging(KvLayout layout) {
        blockBytes = layout.blockBytes();
    }

    /** Makes room for {@code count} blocks; none gives the memory back. */
    void reserve(int count) {
        if (count == 0) {
            release();
        } else if (count > blocks) {
            release();
            Arena fresh = Arena.ofShared();
            address = fresh.allocate(count * blockBytes, ALIGNMENT).address();
            arena = fresh;
            blocks = count;
        }
    }

    long block(int index) {
        return address + index * blockBytes;
    }

    long bytes() {
        return blocks * blockBytes;
    }

    void release() {
        Arena existing = arena;
        if (existing != null) {
            existing.close();
            arena = null;
            blocks = 0;
        }
    }
}
