package io.alisa.attention;

import static io.alisa.attention.VectorInt8Quads.channel;
import static io.alisa.attention.VectorMemory.BYTES;
import static java.nio.ByteOrder.nativeOrder;

import io.alisa.cache.KvLayout;
import io.alisa.cache.ScaleCode;
import io.alisa.cache.SketchLayout;
import io.alisa.memory.OffHeap;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/** Writes two-bit keys, in vectors of tokens from {@link Int8Rows#quads}; for vectors of at least eight floats. */
final class VectorSketch {
    private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
    private static final int LANES = SPECIES.length();
    private static final int TOKENS = KvLayout.BLOCK_TOKENS;

    private VectorSketch() {
    }

    static void write(Int8Rows rows, int headSize, float[] mean, long sketch) {
        float[] magnitudes = rows.sums;
        int lines = SketchLayout.lines(headSize);
        for (int t = 0; t < TOKENS; t += LANES) {
            magnitudes(rows.quads, rows.keyScale, t, headSize, mean, magnitudes);
        }
        for (int t = 0; t < TOKENS; t++) {
            int code = ScaleCode.nearest(magnitudes[t]);
            magnitudes[t] = ScaleCode.decode(code);
            OffHeap.setByte(sketch + (long) lines * TOKENS + t, code);
        }
        for (int line = 0; line < lines; line++) {
            for (int t = 0; t < TOKENS; t += LANES) {
                codes(rows.quads, rows.keyScale, t, 4 * line, Math.min(headSize, 4 * line + 4), mean, magnitudes,
                        sketch + (long) line * TOKENS + t);
            }
        }
    }

    private static void magnitudes(byte[] quads, float[] scale, int t, int headSize, float[] mean, float[] to) {
        FloatVector scales = FloatVector.fromArray(SPECIES, scale, t)
                .mul(FloatVector.broadcast(SPECIES, VectorInt8Quads.UNIT));
        FloatVector squares = FloatVector.zero(SPECIES);
        for (int c = 0; c < headSize; c++) {
            FloatVector difference = channel(quads, VectorInt8Quads.channelAt(c) + t * Integer.BYTES).mul(scales)
                    .sub(FloatVector.broadcast(SPECIES, mean[c]));
            squares = squares.add(difference.mul(difference));
        }
        squares.div(FloatVector.broadcast(SPECIES, headSize)).lanewise(VectorOperators.SQRT).intoArray(to, t);
    }

    /** Codes of up to four channels: as floats, which hold eight bits exactly. */
    private static void codes(byte[] quads, float[] scale, int t, int from, int end, float[] mean, float[] magnitudes,
            long to) {
        FloatVector scales = FloatVector.fromArray(SPECIES, scale, t)
                .mul(FloatVector.broadcast(SPECIES, VectorInt8Quads.UNIT));
        FloatVector magnitude = FloatVector.fromArray(SPECIES, magnitudes, t);
        FloatVector codes = FloatVector.zero(SPECIES);
        for (int c = from; c < end; c++) {
            FloatVector difference = channel(quads, VectorInt8Quads.channelAt(c) + t * Integer.BYTES).mul(scales)
                    .sub(FloatVector.broadcast(SPECIES, mean[c]));
            FloatVector code = FloatVector.broadcast(SPECIES, 3f)
                    .blend(FloatVector.broadcast(SPECIES, 2f), difference.compare(VectorOperators.LT, magnitude))
                    .blend(FloatVector.broadcast(SPECIES, 1f),
                            difference.compare(VectorOperators.LT, FloatVector.zero(SPECIES)))
                    .blend(FloatVector.broadcast(SPECIES, 0f),
                            difference.compare(VectorOperators.LT, magnitude.neg()));
            codes = code.fma(FloatVector.broadcast(SPECIES, 1 << (2 * (c - from))), codes);
        }
        ((ByteVector) codes.convertShape(VectorOperators.F2I, IntVector.SPECIES_PREFERRED, 0)
                .convertShape(VectorOperators.I2B, BYTES, 0)).intoMemorySegment(OffHeap.ALL, to, nativeOrder());
    }
}
