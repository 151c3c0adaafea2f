package io.alisa.attention;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.List;

import io.alisa.cache.KvLayout;
import io.alisa.cache.ScaleCode;
import io.alisa.cache.SketchLayout;
import io.alisa.memory.OffHeap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Two-bit keys and the scores estimated from them. */
class SketchTest {
    private static final long SEED = 20_261_123;
    private static final int[] HEAD_SIZES = {8, 12, 31, 32, 63, 64, 80, 96, 127, 128, 256};
    private static final int TOKENS = KvLayout.BLOCK_TOKENS;

    private final Arena arena = Arena.ofConfined();

    static List<Int8Kernels> kernels() {
        return List.of(new ScalarKernels().int8(), new VectorKernels().int8());
    }

    @AfterEach
    void close() {
        arena.close();
    }

    private static RandomInt8 data(int headSize, int rows) {
        return new RandomInt8(new AttentionShape(1, rows, headSize, 0), 1, SEED + headSize);
    }

    /** Exactly the bytes of a sketch: what is written behind it is an error that another test would find by chance. */
    private long sketch(Int8Kernels kernels, RandomInt8 data, Int8Rows rows) {
        int headSize = data.shape.headSize();
        float[] mean = new float[headSize];
        kernels.mean(rows, headSize, mean, new float[headSize]);
        long sketch = arena.allocate(new SketchLayout(1, headSize).headBytes(), 64).address();
        kernels.sketch(rows, headSize, mean, sketch);
        return sketch;
    }

    private static int code(long sketch, int token, int channel) {
        return (OffHeap.getByte(sketch + (long) (channel / 4) * TOKENS + token) >> (2 * (channel % 4))) & 3;
    }

    private static double magnitude(long sketch, int headSize, int token) {
        return ScaleCode.decode(OffHeap.getByte(sketch + (long) SketchLayout.lines(headSize) * TOKENS + token));
    }

    @ParameterizedTest
    @MethodSource("kernels")
    void everyChannelHasItsNearestLevel(Int8Kernels kernels) {
        for (int headSize : HEAD_SIZES) {
            try (RandomInt8 data = data(headSize, 1)) {
                Int8Rows rows = data.gathered(TOKENS);
                float[] mean = new float[headSize];
                kernels.mean(rows, headSize, mean, new float[headSize]);
                long sketch = sketch(kernels, data, rows);
                for (int t = 0; t < TOKENS; t++) {
                    double magnitude = magnitude(sketch, headSize, t);
                    double squares = 0;
                    for (int c = 0; c < headSize; c++) {
                        double difference = RandomInt8.key(rows, t, c) - mean[c];
                        squares += difference * difference;
                        double error = Math.abs(difference - magnitude * QuerySketch.level(code(sketch, t, c)));
                        for (int other = 0; other < 4; other++) {
                            assertThat(error).isLessThanOrEqualTo(
                                    Math.abs(difference - magnitude * QuerySketch.level(other)) + 1e-5);
                        }
                    }
                    assertThat(magnitude / Math.sqrt(squares / headSize)).isBetween(0.93, 1.07);
                    for (int c = headSize; c < SketchLayout.lines(headSize) * 4; c++) {
                        assertThat(code(sketch, t, c)).isZero();
                    }
                }
            }
        }
    }

    @Test
    void bothKernelsWriteTheSame() {
        for (int headSize : HEAD_SIZES) {
            try (RandomInt8 data = data(headSize, 1)) {
                Int8Rows rows = data.gathered(TOKENS);
                long scalar = sketch(new ScalarInt8Kernels(), data, rows);
                long vector = sketch(new VectorInt8Kernels(), data, rows);
                for (int i = 0; i < new SketchLayout(1, headSize).headBytes(); i++) {
                    assertThat(OffHeap.getByte(vector + i)).as("head size %s, byte %s", headSize, i)
                            .isEqualTo(OffHeap.getByte(scalar + i));
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("kernels")
    void estimatesAreTheFormulaToTheTablesRounding(Int8Kernels kernels) {
        for (int headSize : HEAD_SIZES) {
            for (int queryRows : new int[]{1, 2, 4, 7}) {
                try (RandomInt8 data = data(headSize, queryRows)) {
                    long sketch = sketch(kernels, data, data.gathered(TOKENS));
                    QuerySketch query = kernels.querySketch(headSize, queryRows + 1);
                    kernels.prepare(query, data.tile);
                    float[] estimates = estimates(kernels, query, sketch, queryRows);
                    for (int r = 0; r < queryRows; r++) {
                        for (int t = 0; t < TOKENS; t++) {
                            double dot = 0;
                            for (int c = 0; c < headSize; c++) {
                                dot += data.queries[r * data.shape.rowStride() + c]
                                        * QuerySketch.level(code(sketch, t, c));
                            }
                            double magnitude = magnitude(sketch, headSize, t);
                            // half a unit for each pair of channels at worst
                            double bound = magnitude * query.unit[r] * (headSize + 1) / 2 * 0.5 + 1e-5;
                            assertThat((double) estimates[r * 200 + 70 + t])
                                    .isCloseTo(r + 0.25 + magnitude * dot, within(bound));
                        }
                    }
                }
            }
        }
    }

    /** Into the middle of rows of 200 floats, nothing around it; mean scores {@code r + 0.25}. */
    private static float[] estimates(Int8Kernels kernels, QuerySketch query, long sketch, int queryRows) {
        float[] means = new float[queryRows * 5];
        for (int r = 0; r < queryRows; r++) {
            means[r * 5 + 3] = r + 0.25f;
        }
        float[] out = new float[queryRows * 200];
        Arrays.fill(out, Float.NaN);
        kernels.estimate(query, sketch, means, 3, 5, out, 70, 200);
        float[] best = new float[queryRows];
        Arrays.fill(best, Float.NEGATIVE_INFINITY);
        for (int i = 0; i < out.length; i++) {
            assertThat(Float.isNaN(out[i])).isEqualTo(i % 200 < 70 || i % 200 >= 70 + TOKENS);
            best[i / 200] = Float.isNaN(out[i]) ? best[i / 200] : Math.max(best[i / 200], out[i]);
        }
        for (int r = 0; r < queryRows; r++) {
            assertThat(query.best(r)).as("the best of row %s", r).isEqualTo(best[r]);
        }
        return out;
    }

    @Test
    void bothKernelsEstimateTheSame() {
        for (int headSize : HEAD_SIZES) {
            for (int queryRows : new int[]{1, 3, 4, 8}) {
                try (RandomInt8 data = data(headSize, queryRows)) {
                    long sketch = sketch(new ScalarInt8Kernels(), data, data.gathered(TOKENS));
                    QuerySketch scalar = new ScalarInt8Kernels().querySketch(headSize, queryRows);
                    QuerySketch vector = new VectorInt8Kernels().querySketch(headSize, queryRows);
                    new ScalarInt8Kernels().prepare(scalar, data.tile);
                    new VectorInt8Kernels().prepare(vector, data.tile);
                    assertSameTables(scalar, vector);
                    assertThat(vector.unit).isEqualTo(scalar.unit);
                    float[] expected = estimates(new ScalarInt8Kernels(), scalar, sketch, queryRows);
                    float[] actual = estimates(new VectorInt8Kernels(), vector, sketch, queryRows);
                    for (int i = 0; i < expected.length; i++) {
                        if (!Float.isNaN(expected[i])) {
                            assertThat(actual[i]).isCloseTo(expected[i], within(1e-6f * (1 + Math.abs(expected[i]))));
                        }
                    }
                }
            }
        }
    }

    /** The vectors' copies of a table are alike, and as the only one of the plain loops. */
    private static void assertSameTables(QuerySketch scalar, QuerySketch vector) {
        int size = vector.tableBytes;
        assertThat(vector.tables).hasSize(scalar.tables.length / QuerySketch.ENTRIES * size);
        for (int i = 0; i < vector.tables.length; i++) {
            assertThat(vector.tables[i]).isEqualTo(
                    scalar.tables[i / size * QuerySketch.ENTRIES + i % QuerySketch.ENTRIES]);
        }
    }

    @ParameterizedTest
    @MethodSource("kernels")
    void estimatesGoWithTheScores(Int8Kernels kernels) {
        for (int headSize : new int[]{64, 80, 128}) {
            int rows = 16;
            try (RandomInt8 data = data(headSize, rows)) {
                Int8Rows block = data.block(0, TOKENS);
                long sketch = sketch(kernels, data, block);
                QuerySketch query = kernels.querySketch(headSize, rows);
                kernels.prepare(query, data.tile);
                float[] estimates = estimates(kernels, query, sketch, rows);
                double sum = 0;
                for (int r = 0; r < rows; r++) {
                    double[] scores = new double[TOKENS];
                    double[] estimated = new double[TOKENS];
                    for (int t = 0; t < TOKENS; t++) {
                        scores[t] = data.score(block, t, r);
                        estimated[t] = estimates[r * 200 + 70 + t];
                    }
                    sum += correlation(scores, estimated);
                }
                // two bits cost a Gaussian 12 percent of its variance: 0.94, less what the tables round
                assertThat(sum / rows).isGreaterThan(0.9);
            }
        }
    }

    private static double correlation(double[] a, double[] b) {
        double meanA = Arrays.stream(a).average().orElseThrow();
        double meanB = Arrays.stream(b).average().orElseThrow();
        double ab = 0;
        double aa = 0;
        double bb = 0;
        for (int i = 0; i < a.length; i++) {
            ab += (a[i] - meanA) * (b[i] - meanB);
            aa += (a[i] - meanA) * (a[i] - meanA);
            bb += (b[i] - meanB) * (b[i] - meanB);
        }
        return ab / Math.sqrt(aa * bb);
    }

    /** Queries of zeros, of almost nothing and of no numbers: estimates are the means or no numbers, nothing worse. */
    @ParameterizedTest
    @MethodSource("kernels")
    void strangeQueriesDoNoHarm(Int8Kernels kernels) {
        try (RandomInt8 data = data(64, 4)) {
            long sketch = sketch(kernels, data, data.block(0, TOKENS));
            QuerySketch query = kernels.querySketch(64, 4);
            for (float strange : new float[]{0f, Float.MIN_VALUE, Float.NaN, Float.POSITIVE_INFINITY}) {
                Arrays.fill(data.queries, strange);
                kernels.prepare(query, data.tile);
                float[] out = new float[4 * TOKENS];
                kernels.estimate(query, sketch, new float[4], 0, 1, out, 0, TOKENS);
                if (strange < 1) {
                    assertThat(out).containsOnly(0f);
                }
            }
        }
    }
}
