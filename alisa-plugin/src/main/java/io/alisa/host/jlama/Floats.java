package io.alisa.host.jlama;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

import io.alisa.cache.KvFormat;

/** Floats in a tensor's memory, whatever its type. Indices count elements. */
interface Floats {
    /** Reads {@code count} elements. */
    void read(MemorySegment source, int index, float[] target, int offset, int count);

    /** Writes {@code count} elements, rounded to the tensor's type. */
    void write(float[] source, int offset, MemorySegment target, int index, int count);

    /** For tensors of the host's working type. */
    static Floats of(KvFormat type) {
        return type == KvFormat.BF16 ? new Bfloat16() : new Float32();
    }

    /** 32-bit floats. */
    final class Float32 implements Floats {
        private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED
                .withOrder(ByteOrder.LITTLE_ENDIAN);

        @Override
        public void read(MemorySegment source, int index, float[] target, int offset, int count) {
            MemorySegment.copy(source, FLOAT, (long) index * Float.BYTES, target, offset, count);
        }

        @Override
        public void write(float[] source, int offset, MemorySegment target, int index, int count) {
            MemorySegment.copy(source, offset, target, FLOAT, (long) index * Float.BYTES, count);
        }
    }

    /** The upper half of a float, rounded to the nearest, ties to even. */
    final class Bfloat16 implements Floats {
        private static final int QUIET = 0x400000;
        private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED
                .withOrder(ByteOrder.LITTLE_ENDIAN);

        @Override
        public void read(MemorySegment source, int index, float[] target, int offset, int count) {
            for (int i = 0; i < count; i++) {
                target[offset + i] = Float.intBitsToFloat(source.get(SHORT, (long) (index + i) * Short.BYTES) << 16);
            }
        }

        @Override
        public void write(float[] source, int offset, MemorySegment target, int index, int count) {
            for (int i = 0; i < count; i++) {
                int bits = Float.floatToRawIntBits(source[offset + i]);
                // Not a number stays none, even if what says so is in its lower half.
                int rounded = Float.isNaN(source[offset + i]) ? bits | QUIET : bits + 0x7FFF + (bits >>> 16 & 1);
                target.set(SHORT, (long) (index + i) * Short.BYTES, (short) (rounded >>> 16));
            }
        }
    }
}
