package io.alisa.cuda;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** A parameter structure of {@code attention.cuh}: pointers first, then words of four bytes, no padding between. */
final class KernelStructure {
    private final Driver.Arguments arguments;
    private final MemorySegment segment;
    private final long words;

    KernelStructure(Driver driver, int pointers, int words) {
        this.words = bytes(pointers, 0);
        this.arguments = driver.arguments(bytes(pointers, words));
        this.segment = arguments.segment();
    }

    /** Its size. */
    static int bytes(int pointers, int words) {
        return pointers * Long.BYTES + words * Integer.BYTES;
    }

    Driver.Arguments arguments() {
        return arguments;
    }

    /** Sets the pointer of an index; 0: null. */
    void pointer(int index, long address) {
        segment.set(ValueLayout.JAVA_LONG_UNALIGNED, index * (long) Long.BYTES, address);
    }

    /** Sets the word of an index, counted behind the pointers. */
    void word(int index, int value) {
        segment.set(ValueLayout.JAVA_INT_UNALIGNED, words + index * (long) Integer.BYTES, value);
    }

    void number(int index, float value) {
        segment.set(ValueLayout.JAVA_FLOAT_UNALIGNED, words + index * (long) Integer.BYTES, value);
    }
}
