package io.alisa.attention;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;

import io.alisa.cache.KvLayout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the vectors choose by is what plain loops choose by. */
class SelectionKernelsTest {
    private static final int TOKENS = KvLayout.BLOCK_TOKENS;
    private static final SelectionKernels SCALAR = SelectionKernels.beside(new ScalarKernels());
    private static final SelectionKernels VECTOR = SelectionKernels.beside(new VectorKernels());

    private static final float BEST = -40f;

    private final Random random = new Random(7);

    /** Some far below the best, where nothing counts any more. */
    private float[] scores(int count) {
        float[] scores = new float[count];
        for (int i = 0; i < count; i++) {
            scores[i] = random.nextInt(9) == 0 ? Float.NEGATIVE_INFINITY : (float) (20 * random.nextGaussian() - 50);
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
        SCALAR.importance(scores, rows, stride, tokens, expectedBest, expected);
        VECTOR.importance(scores, rows, stride, tokens, actualBest, actual);
        assertThat(actualBest).isEqualTo(expectedBest);
        assertThat(actual).isEqualTo(expected);
        for (float threshold : new float[]{-70, -20, -3, 0}) {
            assertThat(VECTOR.count(actual, 3, threshold)).isEqualTo(SCALAR.count(actual, 3, threshold));
            for (int block = 0; block < 3; block++) {
                assertThat(VECTOR.atLeast(actual, block, threshold))
                        .isEqualTo(SCALAR.atLeast(actual, block, threshold));
            }
        }
    }
}
