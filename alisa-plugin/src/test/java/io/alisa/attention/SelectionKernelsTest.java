package io.alisa.attention;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assertions.withinPercentage;

import java.util.Arrays;
import java.util.Random;

import io.alisa.cache.KvLayout;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the vectors choose by is what plain loops choose by. */
class SelectionKernelsTest {
    private static final int TOKENS = KvLayout.BLOCK_TOKENS;
    private static final SelectionKernels SCALAR = SelectionKernels.beside(new ScalarKernels());
    private static final SelectionKernels VECTOR = SelectionKernels.beside(new VectorKernels());

    private static final float BEST = -40f;

    private final Random random = new Random(7);

    private static int counted(float[] importance, int blocks, int step, float threshold) {
        int count = 0;
        for (int i = 0; i < blocks * TOKENS; i++) {
            count += i / TOKENS % step == 0 && importance[i] >= threshold ? 1 : 0;
        }
        return count;
    }

    /** Some far below the best, where nothing counts any more. */
    private float[] scores(int count) {
        float[] scores = new float[count];
        for (int i = 0; i < count; i++) {
            scores[i] = random.nextInt(9) == 0
                    ? Float.NEGATIVE_INFINITY
                    : BEST - (float) Math.abs(20 * random.nextGaussian());
        }
        return scores;
    }

    private long[] attended(int blocks) {
        long[] attended = new long[blocks];
        for (int i = 0; i < blocks; i++) {
            attended[i] = i % 5 == 3 ? -1L : i % 5 == 4 ? 0 : random.nextLong();
        }
        return attended;
    }

    /** Of every row relative to a best score of its own. */
    private static float[] best(int rows) {
        float[] best = new float[rows];
        for (int row = 0; row < rows; row++) {
            best[row] = BEST + row;
        }
        return best;
    }

    @ParameterizedTest
    @CsvSource({"1, 0", "4, 1", "1, 2", "3, 3", "8, 4", "5, 5", "2, 7", "1, 8", "7, 13", "4, 64", "16, 5"})
    void whatIsSkippedWeighsTheSame(int rows, int blocks) {
        int stride = (blocks + 1) * TOKENS;
        int sumsStride = blocks + 3;
        float[] scores = scores(rows * stride);
        long[] attended = attended(blocks);
        float[] expected = new float[rows * sumsStride + 1];
        float[] actual = new float[rows * sumsStride + 1];
        SCALAR.skippedMass(scores, rows, stride, blocks, best(rows), attended, expected, 1, sumsStride);
        VECTOR.skippedMass(scores, rows, stride, blocks, best(rows), attended, actual, 1, sumsStride);
        for (int i = 0; i < actual.length; i++) {
            assertThat(actual[i]).as("sum %s", i - 1).isCloseTo(expected[i], within(1e-5f * expected[i]));
        }
    }

    /** By double precision, from the best score to where nothing counts any more. */
    @Test
    void eachTokenWeighsWhatItShouldBut3Percent() {
        for (SelectionKernels kernels : new SelectionKernels[]{SCALAR, VECTOR}) {
            for (float x = 0; x >= -90; x -= 0.037f) {
                float[] scores = new float[TOKENS];
                scores[11] = BEST + x;
                float[] sum = new float[1];
                kernels.skippedMass(scores, 1, TOKENS, 1, best(1), new long[]{~(1L << 11)}, sum, 0, 1);
                double weight = Math.exp((double) scores[11] - BEST);
                if (scores[11] - BEST < -87) { // about the least normal float
                    assertThat(sum[0]).as("e^%s", x).isBetween(0f, 2e-38f);
                } else {
                    assertThat(sum[0]).as("e^%s", x).isCloseTo((float) weight, withinPercentage(3.1));
                }
            }
            for (float score : new float[]{BEST - 89, -1e4f, -1e30f, Float.NEGATIVE_INFINITY}) {
                float[] scores = new float[TOKENS];
                Arrays.fill(scores, score);
                float[] sum = {1};
                kernels.skippedMass(scores, 1, TOKENS, 1, best(1), new long[1], sum, 0, 1);
                assertThat(sum[0]).as("of score %s", score).isZero();
            }
        }
    }

    /** A block's sum is the same in its last bit wherever it stands among others, and beside how many rows. */
    @ParameterizedTest
    @CsvSource({"1, 4", "6, 7", "4, 64"})
    void aBlockWeighsTheSameByItself(int rows, int blocks) {
        float[] scores = scores(rows * blocks * TOKENS);
        long[] attended = attended(blocks);
        float[] together = new float[rows * blocks];
        float[] best = best(rows);
        VECTOR.skippedMass(scores, rows, blocks * TOKENS, blocks, best, attended, together, 0, blocks);
        for (int i = 0; i < together.length; i++) {
            float[] alone = new float[1];
            VECTOR.skippedMass(Arrays.copyOfRange(scores, i * TOKENS, (i + 1) * TOKENS), 1, TOKENS, 1,
                    new float[]{best[i / blocks]}, new long[]{attended[i % blocks]}, alone, 0, 1);
            assertThat(together[i]).as("row %s, block %s", i / blocks, i % blocks).isEqualTo(alone[0]);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 5, 8, 9})
    void tokensAreAsImportant(int rows) {
        int tokens = 3 * TOKENS;
        int stride = tokens + 48;
        float[] scores = scores(rows * stride);
        float[] expectedBest = new float[rows];
        float[] actualBest = new float[rows];
        float[] expected = new float[tokens];
        float[] actual = new float[tokens];
        for (int row = 0; row < rows; row++) {
            expectedBest[row] = Float.NEGATIVE_INFINITY;
            for (int t = 0; t < tokens; t++) {
                expectedBest[row] = Math.max(expectedBest[row], scores[row * stride + t]);
            }
        }
        for (SelectionKernels kernels : new SelectionKernels[]{SCALAR, VECTOR}) {
            Arrays.fill(actualBest, Float.NEGATIVE_INFINITY);
            kernels.best(scores, rows, stride, 0, 2 * TOKENS, actualBest);
            kernels.best(scores, rows, stride, 2 * TOKENS, TOKENS, actualBest);
            assertThat(actualBest).isEqualTo(expectedBest);
        }
        SCALAR.importance(scores, rows, stride, tokens, expectedBest, expected);
        VECTOR.importance(scores, rows, stride, tokens, actualBest, actual);
        assertThat(actual).isEqualTo(expected);
        for (float threshold : new float[]{-70, -20, -3, 0}) {
            for (int step = 1; step < 4; step++) {
                assertThat(VECTOR.count(actual, 3, step, threshold)).isEqualTo(SCALAR.count(actual, 3, step, threshold))
                        .isEqualTo(counted(actual, 3, step, threshold));
            }
            for (int block = 0; block < 3; block++) {
                assertThat(VECTOR.atLeast(actual, block, threshold))
                        .isEqualTo(SCALAR.atLeast(actual, block, threshold));
            }
        }
    }
}
