package io.alisa.attention;

import static io.alisa.attention.VectorInt8Quads.channel;
import static io.alisa.attention.VectorMemory.BYTES;
import static io.alisa.attention.VectorMemory.loadBytesAsFloats;
import static java.nio.ByteOrder.nativeOrder;

import io.alisa.cache.KvLayout;
import io.alisa.cache.ScaleCode;
import io.alisa.memory.OffHeap;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/** Conversions of INT8 rows from and to floats. */
final class VectorInt8Rows {
    private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
    private static final int LANES = SPECIES.length();
    private static final int TOKENS = KvLayout.BLOCK_TOKENS;
    /** Adding 1.5 * 2^23 rounds a float to a whole number and leaves that number in the low bits. */
    private static final float ROUND = 12582912f;

    private VectorInt8Rows() {
    }

    /** See {@link Int8Kernels#quantise}; for vectors of at least eight floats. */
    static int quantise(float[] x, int offset, int channels, long to) {
        int code = Int8Scale.code(largest(x, offset, channels));
        round(x, offset, channels, ScaleCode.decode(code), to);
        for (int c = channels; c < KvLayout.int8RowBytes(channels); c++) {
            OffHeap.setByte(to + c, 0);
        }
        return code;
    }

    /** Makes rows ready to be worked on: scales, and all 64 places filled. */
    static void prepare(Int8Rows rows) {
        if (VectorMemory.BYTES.length() == LANES) {
            decode(rows.keyCode, rows.keyScale);
            decode(rows.valueCode, rows.valueScale);
        } else {
            rows.decodeScales();
        }
        rows.pad();
    }

    private static void decode(byte[] codes, float[] scales) {
        for (int i = 0; i < TOKENS; i += LANES) {
            // the bits of the code where those of a float are, see ScaleCode
            IntVector bits = (IntVector) ByteVector.fromArray(VectorMemory.BYTES, codes, i)
                    .convertShape(VectorOperators.ZERO_EXTEND_B2I, IntVector.SPECIES_PREFERRED, 0);
            bits.lanewise(VectorOperators.LSHL, ScaleCode.MANTISSA_SHIFT)
                    .add(IntVector.broadcast(IntVector.SPECIES_PREFERRED, ScaleCode.ZERO_BITS)).reinterpretAsFloats()
                    .intoArray(scales, i);
        }
    }

    private static float largest(float[] x, int offset, int channels) {
        FloatVector largest = FloatVector.zero(SPECIES);
        for (int c = 0; c < channels; c += LANES) {
            FloatVector magnitude = FloatVector.fromArray(SPECIES, x, offset + c, SPECIES.indexInRange(c, channels))
                    .abs();
            largest = largest.blend(magnitude, magnitude.compare(VectorOperators.GT, largest));
        }
        return largest.reduceLanes(VectorOperators.MAX);
    }

    private static void round(float[] x, int offset, int channels, float scale, long to) {
        FloatVector most = FloatVector.broadcast(SPECIES, Int8Scale.LARGEST);
        FloatVector least = FloatVector.broadcast(SPECIES, -Int8Scale.LARGEST);
        int whole = SPECIES.loopBound(channels);
        for (int c = 0; c < whole; c += LANES) {
            FloatVector q = FloatVector.fromArray(SPECIES, x, offset + c).div(FloatVector.broadcast(SPECIES, scale));
            q = q.blend(most, q.compare(VectorOperators.GT, most)).blend(least, q.compare(VectorOperators.LT, least));
            q = q.blend(FloatVector.zero(SPECIES), q.test(VectorOperators.IS_NAN));
            ((ByteVector) q.add(FloatVector.broadcast(SPECIES, ROUND)).reinterpretAsInts()
                    .convertShape(VectorOperators.I2B, BYTES, 0))
                    .intoMemorySegment(OffHeap.ALL, to + c, nativeOrder());
        }
        for (int c = whole; c < channels; c++) { // bytes under a mask are no instruction of AVX2: vectors on the heap
            OffHeap.setByte(to + c, Int8Scale.round(x[offset + c], scale));
        }
    }

    /** See {@link Int8Kernels#dequantise}; keys from {@link Int8Rows#quads}. */
    static void dequantise(Int8Rows rows, int headSize, long keys, long values) {
        for (int c = 0; c < headSize; c++) {
            keys(rows, c, keys + (long) c * TOKENS * Float.BYTES);
        }
        int stride = KvLayout.padded(headSize);
        for (int i = 0; i < rows.count(); i++) {
            value(rows.address[i] + rows.rowBytes, rows.valueScale[i], stride,
                    values + (long) i * stride * Float.BYTES);
        }
    }

    private static void keys(Int8Rows rows, int channel, long to) {
        int at = VectorInt8Quads.channelAt(channel);
        for (int t = 0; t < TOKENS; t += LANES) {
            channel(rows.quads, at + t * Integer.BYTES).mul(FloatVector.broadcast(SPECIES, VectorInt8Quads.UNIT))
                    .mul(FloatVector.fromArray(SPECIES, rows.keyScale, t))
                    .intoMemorySegment(OffHeap.ALL, to + (long) t * Float.BYTES, nativeOrder());
        }
    }

    private static void value(long from, float scale, int stride, long to) {
        FloatVector scales = FloatVector.broadcast(SPECIES, scale);
        for (int c = 0; c < stride; c += LANES) {
            loadBytesAsFloats(from + c).mul(scales).intoMemorySegment(OffHeap.ALL, to + (long) c * Float.BYTES,
                    nativeOrder());
        }
    }

    /**
     * Means of the channels of all rows.
     *
     * @param part where in a row they start
     */
    static void mean(Int8Rows rows, int part, float[] scale, int headSize, float[] mean) {
        for (int c = 0; c < headSize; c += LANES) {
            FloatVector sum = FloatVector.zero(SPECIES);
            for (int i = 0; i < rows.count(); i++) {
                sum = loadBytesAsFloats(rows.address[i] + part + c).fma(FloatVector.broadcast(SPECIES, scale[i]), sum);
            }
            sum.div(FloatVector.broadcast(SPECIES, rows.count())).intoArray(mean, c, SPECIES.indexInRange(c, headSize));
        }
    }
}
