package io.alisa.attention;

import static java.nio.ByteOrder.nativeOrder;

import io.alisa.memory.OffHeap;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/** Loads vectors from off-heap addresses. */
final class VectorMemory {
    /** As many bytes as a vector has floats; more where vectors are too short for that. */
    static final VectorSpecies<Byte> BYTES = VectorSpecies.of(byte.class,
            VectorShape.forBitSize(Math.max(64, FloatVector.SPECIES_PREFERRED.length() * Byte.SIZE)));

    private VectorMemory() {
    }

    static FloatVector load(long address) {
        return FloatVector.fromMemorySegment(FloatVector.SPECIES_PREFERRED, OffHeap.ALL, address,
                nativeOrder());
    }

    static IntVector loadInts(long address) {
        return IntVector.fromMemorySegment(IntVector.SPECIES_PREFERRED, OffHeap.ALL, address, nativeOrder());
    }

    static ByteVector loadBytes(long address) {
        return ByteVector.fromMemorySegment(BYTES, OffHeap.ALL, address, nativeOrder());
    }

    /** Signed bytes as floats. */
    static FloatVector loadBytesAsFloats(long address) {
        return (FloatVector) loadBytes(address).convertShape(VectorOperators.B2F, FloatVector.SPECIES_PREFERRED, 0);
    }
}
