package io.alisa.cuda;

import java.lang.foreign.MemorySegment;

import org.jspecify.annotations.Nullable;

/** Pinned memory that one session uses for itself, as large as was needed most. Owned by the session. */
final class PinnedBuffer implements AutoCloseable {
    private final PinnedPool pool;
    private Driver.@Nullable Pinned memory;

    PinnedBuffer(PinnedPool pool) {
        this.pool = pool;
    }

    /**
     * Sees to it that there are so many bytes, whatever they hold. Nothing may be copying what there was. Returns false where
     * there is no room.
     */
    boolean reserve(long bytes) {
        if (memory == null || memory.segment().byteSize() < bytes) {
            free();
            memory = pool.take(bytes);
        }
        return memory != null;
    }

    /** What was reserved. */
    Driver.Pinned memory() {
        Driver.Pinned there = memory;
        if (there == null) {
            throw new IllegalStateException("Nothing is reserved");
        }
        return there;
    }

    MemorySegment segment() {
        return memory().segment();
    }

    private void free() {
        Driver.Pinned there = memory;
        if (there != null) {
            memory = null;
            pool.give(there);
        }
    }

    @Override
    public void close() {
        Quietly.run(this::free);
    }
}
