package io.alisa.cuda.kernels;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** A parameter structure, filled field by field in its order. */
final class Structure {
    private static final int BYTES = 256;

    private final MemorySegment segment;
    private long at;

    Structure(Arena arena) {
        segment = arena.allocate(BYTES, Long.BYTES);
    }

    Structure pointers(MemorySegment... pointers) {
        for (MemorySegment pointer : pointers) {
            segment.set(ValueLayout.JAVA_LONG, at, pointer.address());
            at += Long.BYTES;
        }
        return this;
    }

    Structure ints(int... values) {
        for (int value : values) {
            segment.set(ValueLayout.JAVA_INT, at, value);
            at += Integer.BYTES;
        }
        return this;
    }

    Structure number(float value) {
        segment.set(ValueLayout.JAVA_FLOAT, at, value);
        at += Float.BYTES;
        return this;
    }

    MemorySegment segment() {
        return segment;
    }
}
