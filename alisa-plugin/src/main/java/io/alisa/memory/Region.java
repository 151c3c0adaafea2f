package io.alisa.memory;

import java.lang.foreign.Arena;

/**
 * Off-heap memory that is freed all at once. May be used by any thread, one at a time: whoever owns it sees to it that nobody
 * allocates, or still uses an address, while it is closed.
 */
public final class Region implements AutoCloseable {
    /** A cache line: vectors of any width are aligned, and lines are whole. */
    public static final long ALIGNMENT = 64;

    private final Arena arena = NativeMemory.call(Arena::ofConfined);

    /**
     * Zeroed bytes, aligned to a cache line, valid until the region closes.
     *
     * @throws OutOfMemoryError where the system has none
     */
    public long allocate(long bytes) {
        return allocate(bytes, ALIGNMENT);
    }

    /** The same at a multiple of {@code alignment}, a power of two, a cache line at least. */
    public long allocate(long bytes, long alignment) {
        return NativeMemory.call(() -> arena.allocate(bytes, alignment).address());
    }

    /** Not twice. */
    @Override
    public void close() {
        NativeMemory.run(arena::close);
    }
}
