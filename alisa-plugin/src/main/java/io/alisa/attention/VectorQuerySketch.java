package io.alisa.attention;

import static io.alisa.attention.VectorMemory.loadBytes;
import static java.nio.ByteOrder.nativeOrder;

import io.alisa.cache.KvLayout;
import io.alisa.cache.OffHeap;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * Estimates of scores from two-bit keys: byte shuffles look up what two channels of as many tokens as a vector has
 * bytes add to a score.
 */
final class VectorQuerySketch {
    private static final VectorSpecies<Byte> BYTES = ByteVector.SPECIES_PREFERRED;
    private static final VectorSpecies<Short> SHORTS = ShortVector.SPECIES_PREFERRED;
    private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
    private static final int TOKENS = KvLayout.BLOCK_TOKENS;
    private static final int LANES = SPECIES.length();

    /** Adding 1.5 * 2^23 rounds a float to a whole number and leaves that number in the low bits. */
    private static final float ROUND = 12582912f;
    /** Levels of the first and of the second channel of each entry of a table. */
    private static final float[] FIRST_LEVELS = new float[QuerySketch.ENTRIES];
    private static final float[] SECOND_LEVELS = new float[QuerySketch.ENTRIES];

    static {
        for (int x = 0; x < QuerySketch.ENTRIES; x++) {
            FIRST_LEVELS[x] = QuerySketch.level(x & 3);
            SECOND_LEVELS[x] = QuerySketch.level(x >> 2);
        }
    }

    private VectorQuerySketch() {
    }

    /** See {@link Int8Kernels#prepare}; for vectors of at least eight floats. */
    static void prepare(QuerySketch query, AttentionTile tile) {
        query.rows = tile.rows;
        for (int row = 0; row < tile.rows; row++) {
            int q = tile.queryOffset + row * tile.stride;
            float unit = query.unit(tile.query, q);
            float inverse = unit == 0 ? 0 : 1 / unit;
            query.unit[row] = unit;
            for (int pair = 0; pair < 2 * query.lines; pair++) {
                fill(query.tables, query.table(row, pair), query.channel(tile.query, q, 2 * pair),
                        query.channel(tile.query, q, 2 * pair + 1), inverse);
            }
        }
    }

    /** Fills a table, by the same arithmetic as {@link ScalarSketch#prepare}. */
    private static void fill(byte[] tables, int table, float first, float second, float inverse) {
        for (int x = 0; x < QuerySketch.ENTRIES; x += LANES) {
            FloatVector worth = FloatVector.fromArray(SPECIES, FIRST_LEVELS, x)
                    .mul(FloatVector.broadcast(SPECIES, first))
                    .add(FloatVector.fromArray(SPECIES, SECOND_LEVELS, x).mul(FloatVector.broadcast(SPECIES, second)));
            ByteVector entries = (ByteVector) worth.mul(FloatVector.broadcast(SPECIES, inverse))
                    .add(FloatVector.broadcast(SPECIES, ROUND)).reinterpretAsInts()
                    .convertShape(VectorOperators.I2B, VectorMemory.BYTES, 0);
            for (int to = table + x; to < table + QuerySketch.TABLE; to += QuerySketch.ENTRIES) {
                entries.intoArray(tables, to);
            }
        }
    }

    static void estimate(QuerySketch query, long sketch, float[] meanScore, int meanAt, int meanStride, float[] out,
            int to, int rowStride) {
        for (int t = 0; t < TOKENS; t += BYTES.length()) {
            int row = 0;
            for (; row < query.rows; row++) {
                sum1(query.tables, query.table(row, 0), query.lines, sketch + t, out, row * rowStride + to + t);
            }
        }
        for (int row = 0; row < query.rows; row++) {
            finish(sketch + (long) query.lines * TOKENS, query.unit[row], meanScore[row * meanStride + meanAt], out,
                    row * rowStride + to);
        }
    }

    private static void sum1(byte[] tables, int table, int lines, long sketch, float[] out, int to) {
        ShortVector low = ShortVector.zero(SHORTS);
        ShortVector high = low;
        int line = 0;
        for (; line + 2 <= lines; line += 2) {
            ByteVector codes = ByteVector.fromMemorySegment(BYTES, OffHeap.ALL, sketch, nativeOrder());
            ByteVector upper = codes.reinterpretAsShorts().lanewise(VectorOperators.LSHR, 4).reinterpretAsBytes();
            ByteVector sum = codes.selectFrom(ByteVector.fromArray(BYTES, tables, table));
            sum = sum.add(upper.selectFrom(ByteVector.fromArray(BYTES, tables, table + QuerySketch.TABLE)));
            codes = ByteVector.fromMemorySegment(BYTES, OffHeap.ALL, sketch + TOKENS, nativeOrder());
            upper = codes.reinterpretAsShorts().lanewise(VectorOperators.LSHR, 4).reinterpretAsBytes();
            sum = sum.add(codes.selectFrom(ByteVector.fromArray(BYTES, tables, table + 2 * QuerySketch.TABLE)));
            sum = sum.add(upper.selectFrom(ByteVector.fromArray(BYTES, tables, table + 3 * QuerySketch.TABLE)));
            low = low.add((ShortVector) sum.convertShape(VectorOperators.B2S, SHORTS, 0));
            high = high.add((ShortVector) sum.convertShape(VectorOperators.B2S, SHORTS, 1));
            sketch += 2 * TOKENS;
            table += 4 * QuerySketch.TABLE;
        }
        if (line < lines) {
            ByteVector codes = ByteVector.fromMemorySegment(BYTES, OffHeap.ALL, sketch, nativeOrder());
            ByteVector upper = codes.reinterpretAsShorts().lanewise(VectorOperators.LSHR, 4).reinterpretAsBytes();
            ByteVector sum = codes.selectFrom(ByteVector.fromArray(BYTES, tables, table));
            sum = sum.add(upper.selectFrom(ByteVector.fromArray(BYTES, tables, table + QuerySketch.TABLE)));
            low = low.add((ShortVector) sum.convertShape(VectorOperators.B2S, SHORTS, 0));
            high = high.add((ShortVector) sum.convertShape(VectorOperators.B2S, SHORTS, 1));
        }
        ((FloatVector) low.convertShape(VectorOperators.S2F, SPECIES, 0)).intoArray(out, to);
        ((FloatVector) low.convertShape(VectorOperators.S2F, SPECIES, 1)).intoArray(out, to + LANES);
        ((FloatVector) high.convertShape(VectorOperators.S2F, SPECIES, 0)).intoArray(out, to + 2 * LANES);
        ((FloatVector) high.convertShape(VectorOperators.S2F, SPECIES, 1)).intoArray(out, to + 3 * LANES);
    }

    private static void finish(long magnitudes, float unit, float mean, float[] out, int to) {
        FloatVector units = FloatVector.broadcast(SPECIES, unit);
        FloatVector means = FloatVector.broadcast(SPECIES, mean);
        for (int t = 0; t < TOKENS; t += LANES) {
            IntVector codes = (IntVector) loadBytes(magnitudes + t)
                    .convertShape(VectorOperators.ZERO_EXTEND_B2I, IntVector.SPECIES_PREFERRED, 0);
            FloatVector magnitude = codes.lanewise(VectorOperators.LSHL, 20)
                    .add(IntVector.broadcast(IntVector.SPECIES_PREFERRED, (127 - 23) << 23)).reinterpretAsFloats();
            FloatVector.fromArray(SPECIES, out, to + t).mul(units).fma(magnitude, means).intoArray(out, to + t);
        }
    }
}
