package io.alisa.attention;

import static io.alisa.attention.VectorMemory.loadBytes;
import static java.nio.ByteOrder.nativeOrder;

import io.alisa.cache.KvLayout;
import io.alisa.cache.ScaleCode;
import io.alisa.memory.OffHeap;
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
    private static final VectorSpecies<Integer> INTS = IntVector.SPECIES_PREFERRED;
    private static final int TOKENS = KvLayout.BLOCK_TOKENS;
    private static final int LANES = SPECIES.length();
    /** Vectors of floats that a vector of magnitudes' codes makes. */
    private static final int PARTS = VectorMemory.BYTES.length() / LANES;

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

    /** See {@link Int8Kernels#estimate}. */
    static void estimate(QuerySketch query, long sketch, float[] meanScore, int meanAt, int meanStride, float[] out,
            int to, int rowStride) {
        for (int row = 0; row < query.rows; row++) {
            for (int t = 0; t < TOKENS; t += BYTES.length()) {
                sum(query.tables, query.table(row, 0), query.lines, sketch + t, out, row * rowStride + to + t);
            }
        }
        for (int row = 0; row < query.rows; row++) {
            finish(sketch + (long) query.lines * TOKENS, query.unit[row], meanScore[row * meanStride + meanAt], out,
                    row * rowStride + to);
        }
    }

    /** Sums, in units of the row's tables, for as many tokens as a vector has bytes. */
    private static void sum(byte[] tables, int table, int lines, long sketch, float[] out, int to) {
        ShortVector low = ShortVector.zero(SHORTS);
        ShortVector high = low;
        int line = 0;
        for (; line + 2 <= lines; line += 2) {
            // Four entries fit into a byte.
            ByteVector sum = lookUp(tables, table, sketch)
                    .add(lookUp(tables, table + 2 * QuerySketch.TABLE, sketch + TOKENS));
            low = low.add((ShortVector) sum.convertShape(VectorOperators.B2S, SHORTS, 0));
            high = high.add((ShortVector) sum.convertShape(VectorOperators.B2S, SHORTS, 1));
            sketch += 2 * TOKENS;
            table += 4 * QuerySketch.TABLE;
        }
        if (line < lines) {
            ByteVector sum = lookUp(tables, table, sketch);
            low = low.add((ShortVector) sum.convertShape(VectorOperators.B2S, SHORTS, 0));
            high = high.add((ShortVector) sum.convertShape(VectorOperators.B2S, SHORTS, 1));
        }
        ((FloatVector) low.convertShape(VectorOperators.S2F, SPECIES, 0)).intoArray(out, to);
        ((FloatVector) low.convertShape(VectorOperators.S2F, SPECIES, 1)).intoArray(out, to + LANES);
        ((FloatVector) high.convertShape(VectorOperators.S2F, SPECIES, 0)).intoArray(out, to + 2 * LANES);
        ((FloatVector) high.convertShape(VectorOperators.S2F, SPECIES, 1)).intoArray(out, to + 3 * LANES);
    }

    /**
     * What the two pairs of channels of a line add. The bits above a code of four pick one of the table's repetitions, so
     * they need not be cleared; there is no cheap shift of bytes, but one of shorts does.
     */
    private static ByteVector lookUp(byte[] tables, int table, long line) {
        ByteVector first = ByteVector.fromMemorySegment(BYTES, OffHeap.ALL, line, nativeOrder());
        ByteVector second = first.reinterpretAsShorts().lanewise(VectorOperators.LSHR, 4).reinterpretAsBytes();
        return first.selectFrom(ByteVector.fromArray(BYTES, tables, table))
                .add(second.selectFrom(ByteVector.fromArray(BYTES, tables, table + QuerySketch.TABLE)));
    }

    /** Turns 64 sums into estimates. */
    private static void finish(long magnitudes, float unit, float mean, float[] out, int to) {
        FloatVector units = FloatVector.broadcast(SPECIES, unit);
        FloatVector means = FloatVector.broadcast(SPECIES, mean);
        for (int t = 0; t < TOKENS; t += LANES) {
            // Written so that the part is a constant where the bytes fit, and nothing behind the sketch is read elsewhere.
            int part = PARTS == 1 ? 0 : t / LANES % PARTS;
            IntVector codes = (IntVector) loadBytes(magnitudes + t - (long) part * LANES)
                    .convertShape(VectorOperators.ZERO_EXTEND_B2I, INTS, part);
            // the bits of the code where those of a float are, see ScaleCode
            FloatVector magnitude = codes.lanewise(VectorOperators.LSHL, ScaleCode.MANTISSA_SHIFT)
                    .add(IntVector.broadcast(INTS, ScaleCode.ZERO_BITS)).reinterpretAsFloats();
            FloatVector.fromArray(SPECIES, out, to + t).mul(units).fma(magnitude, means).intoArray(out, to + t);
        }
    }
}
