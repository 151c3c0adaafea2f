package io.alisa.memory;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Access to off-heap memory by address.
 *
 * <p>One segment spans the whole address space, so that a kernel's inner loop carries neither a per-block bounds
 * check nor a liveness check. The price: an address is only valid while its session is open. Sessions guarantee
 * that by being locked while a kernel runs and while they close.
 */
public final class OffHeap {
    /** Every address of the process. */
    @SuppressWarnings("restricted") // the reason this class exists
    public static final MemorySegment ALL = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

    /** A float at any address, in the processor's byte order as kernels read it. */
    public static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED
            .withOrder(ByteOrder.nativeOrder());

    private OffHeap() {
    }

    public static float getFloat(long address) {
        return ALL.get(FLOAT, address);
    }

    public static void copy(long from, long to, long bytes) {
        MemorySegment.copy(ALL, from, ALL, to, bytes);
    }

    /** Sets bytes to zero, a multiple of eight. */
    public static void clear(long address, long bytes) {
        for (long at = address; at < address + bytes; at += Long.BYTES) {
            ALL.set(ValueLayout.JAVA_LONG_UNALIGNED, at, 0L);
        }
    }

    /** The bytes from an address on, as long as what is there stays. */
    public static ByteBuffer bytes(long address, long count) {
        return ALL.asSlice(address, count).asByteBuffer();
    }

    /** Reads {@code count} bytes. */
    public static void read(long address, byte[] to, int count) {
        MemorySegment.copy(ALL, ValueLayout.JAVA_BYTE, address, to, 0, count);
    }

    public static byte getByte(long address) {
        return ALL.get(ValueLayout.JAVA_BYTE, address);
    }

    public static void setByte(long address, int value) {
        ALL.set(ValueLayout.JAVA_BYTE, address, (byte) value);
    }

    public static void setFloat(long address, float value) {
        ALL.set(FLOAT, address, value);
    }
}
