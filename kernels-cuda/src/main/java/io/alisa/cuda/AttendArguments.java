package io.alisa.cuda;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** {@code AttendParameters} of {@code attention.cuh}. */
final class AttendArguments {
    static final int BYTES = 6 * Long.BYTES + 10 * Integer.BYTES;

    private final Driver.Arguments arguments;
    private final MemorySegment segment;

    AttendArguments(Driver driver) {
        arguments = driver.arguments(BYTES);
        segment = arguments.segment();
    }

    Driver.Arguments arguments() {
        return arguments;
    }

    /** Addresses on the device; {@code selected} 0: all tokens. */
    void setPointers(long blocks, long selected, long queries, long partials, long joined, long tickets) {
        setLong(0, blocks);
        setLong(1, selected);
        setLong(2, queries);
        setLong(3, partials);
        setLong(4, joined);
        setLong(5, tickets);
    }

    /** What the context and the batch are. */
    void setCounts(int blockCount, int blockStride, int kvHeads, int rows, int queryStride, int headSize, int partials,
            float softCap) {
        setInt(0, blockCount);
        setInt(1, blockStride);
        setInt(2, kvHeads);
        setInt(3, rows);
        setInt(4, queryStride);
        setInt(5, headSize);
        setInt(6, partials);
        setInt(7, 0);
        segment.set(ValueLayout.JAVA_FLOAT_UNALIGNED, 6 * Long.BYTES + 8 * Integer.BYTES, softCap);
        setInt(9, 0);
    }

    private void setLong(int index, long value) {
        segment.set(ValueLayout.JAVA_LONG_UNALIGNED, index * (long) Long.BYTES, value);
    }

    private void setInt(int index, int value) {
        segment.set(ValueLayout.JAVA_INT_UNALIGNED, 6 * Long.BYTES + index * (long) Integer.BYTES, value);
    }
}
