package io.alisa.attention;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assertions.withinPercentage;

import java.util.Arrays;
import java.util.Random;

import io.alisa.cache.KvLayout;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
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

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3, 4, 5, 7, 8, 13, 64})
    void whatIsSkippedWeighsTheSame(int blocks) {
        int offset = 3 * TOKENS;
        float[] scores = scores(offset + blocks * TOKENS);
        long[] attended = attended(blocks);
        float[] expected = new float[blocks + 2];
        float[] actual = new float[blocks + 2];
        SCALAR.skippedMass(scores, offset, blocks, BEST, attended, expected, 1);
        VECTOR.skippedMass(scores, offset, blocks, BEST, attended, actual, 1);
        for (int i = 0; i < actual.length; i++) {
            assertThat(actual[i]).as("block %s", i - 1).isCloseTo(expected[i], within(1e-5f * expected[i]));
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
                kernels.skippedMass(scores, 0, 1, BEST, new long[]{~(1L << 11)}, sum, 0);
                double weight = Math.exp((double) scores[11] - BEST);
                if (scores[11] - BEST < ScalarSelectionKernels.LOWEST) {
                    assertThat(sum[0]).isZero();
                } else {
                    assertThat(sum[0]).as("e^%s", x).isCloseTo((float) weight, withinPercentage(3.1));
                }
            }
        }
    }

    /** A block's sum is the same in its last bit wherever it stands among others. */
    @ParameterizedTest
    @ValueSource(ints = {4, 7, 64})
    void aBlockWeighsTheSameByItself(int blocks) {
        float[] scores = scores(blocks * TOKENS);
        long[] attended = attended(blocks);
        float[] together = new float[blocks];
        VECTOR.skippedMass(scores, 0, blocks, BEST, attended, together, 0);
        for (int block = 0; block < blocks; block++) {
            float[] alone = new float[1];
            VECTOR.skippedMass(scores, block * TOKENS, 1, BEST, new long[]{attended[block]}, alone, 0);
            assertThat(together[block]).as("block %s", block).isEqualTo(alone[0]);
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
