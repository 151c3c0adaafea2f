package io.alisa.attention;

import static io.alisa.attention.VectorMemory.loadBytes;

import java.util.Arrays;

import io.alisa.cache.KvLayout;
import io.alisa.cache.ScaleCode;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/** Estimates of scores from two-bit keys, by {@link VectorLookUps}. */
final class VectorQuerySketch {
    private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
    private static final VectorSpecies<Integer> INTS = IntVector.SPECIES_PREFERRED;
    /** As many shorts as a vector has floats: the other half of a whole vector is dear to convert. */
    private static final VectorSpecies<Short> SHORTS = VectorSpecies.of(short.class,
            VectorShape.forBitSize(SPECIES.vectorBitSize() / 2));
    private static final int TOKENS = KvLayout.BLOCK_TOKENS;
    private static final int LANES = SPECIES.length();
    /** Vectors of floats that a vector of magnitudes' codes makes. */
    private static final int PARTS = VectorMemory.BYTES.length() / LANES;

    /** A step of an estimate. Of three kinds: such calls are not inlined, and all in one method are more than can be. */
    @FunctionalInterface
    private interface Stage {
        void run(QuerySketch query, long sketch, float[] meanScore, int meanAt, int meanStride, float[] out, int to,
                int rowStride);
    }

    private static final Stage[] ESTIMATE = {
            (query, sketch, meanScore, meanAt, meanStride, out, to, rowStride) -> VectorLookUps.sumTogether(query,
                    sketch),
            (query, sketch, meanScore, meanAt, meanStride, out, to, rowStride) -> VectorLookUps.sumRest(query, sketch),
            VectorQuerySketch::finish};

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
        Arrays.fill(query.best, Float.NEGATIVE_INFINITY);
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
            for (int to = table + x; to < table
                    + VectorLookUps.TABLE; to += QuerySketch.ENTRIES) {
                entries.intoArray(tables, to);
            }
        }
    }

    /** See {@link Int8Kernels#estimate}. */
    static void estimate(QuerySketch query, long sketch, float[] meanScore, int meanAt, int meanStride, float[] out,
            int to, int rowStride) {
        for (Stage stage : ESTIMATE) {
            stage.run(query, sketch, meanScore, meanAt, meanStride, out, to, rowStride);
        }
    }

    private static void finish(QuerySketch query, long sketch, float[] meanScore, int meanAt, int meanStride,
            float[] out, int to, int rowStride) {
        for (int row = 0; row < query.rows; row++) {
            finish(query.sums, row * TOKENS, sketch + (long) query.lines * TOKENS, query.unit[row],
                    meanScore[row * meanStride + meanAt], out, row * rowStride + to, query.best,
                    row * QuerySketch.LANES);
        }
    }

    /** Turns 64 sums into estimates, the best of which are kept. */
    private static void finish(short[] sums, int from, long magnitudes, float unit, float mean, float[] out, int to,
            float[] best, int bestAt) {
        FloatVector most = FloatVector.fromArray(SPECIES, best, bestAt);
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
            FloatVector sum = (FloatVector) ShortVector.fromArray(SHORTS, sums, from + t)
                    .convertShape(VectorOperators.S2F, SPECIES, 0);
            FloatVector estimate = sum.mul(units).fma(magnitude, means);
            estimate.intoArray(out, to + t);
            most = most.blend(estimate, estimate.compare(VectorOperators.GT, most));
        }
        most.intoArray(best, bestAt);
    }
}
