package io.alisa.cuda;

import java.lang.foreign.MemorySegment;

import org.jspecify.annotations.Nullable;

/** Pinned memory that one session uses for itself, as large as was needed most. Owned by the session. */
final class PinnedBuffer implements AutoCloseable {
    private final Driver driver;
    private Driver.@Nullable Pinned memory;

    PinnedBuffer(Driver driver) {
        this.driver = driver;
    }

    /** Sees to it that there are so many bytes, whatever they hold. Nothing may be copying what there was. */
    void reserve(long bytes) {
        if (memory == null || memory.segment().byteSize() < bytes) {
            free();
            memory = driver.allocatePinned(bytes);
        }
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
            driver.freePinned(there);
        }
    }

    @Override
    public void close() {
        Quietly.run(this::free);
    }
}
