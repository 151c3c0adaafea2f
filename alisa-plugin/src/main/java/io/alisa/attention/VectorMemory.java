package io.alisa.attention;

import static java.nio.ByteOrder.nativeOrder;

import io.alisa.cache.OffHeap;
import jdk.incubator.vector.FloatVector;

/** Loads vectors from off-heap addresses. */
final class VectorMemory {
    private VectorMemory() {
    }

    static FloatVector load(long address) {
        return FloatVector.fromMemorySegment(FloatVector.SPECIES_PREFERRED, OffHeap.ALL, address,
                nativeOrder());
    }
}
