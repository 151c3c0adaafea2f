package io.alisa.attention;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RotationTest {
    /** What stands around a head must stay. */
    private static final int MARGIN = 3;

    @ParameterizedTest
    @ValueSource(ints = {2, 8, 16, 20, 21, 32, 40, 64, 80, 96, 100, 128, 256})
    void isTheHostsFormulaToTheLastBit(int headSize) {
        Random random = new Random(headSize);
        int half = headSize / 2;
        int row = 2 * half;
        float[] cos = floats(random, 3 * half);
        float[] sin = floats(random, 3 * half);
        float[] head = floats(random, headSize + 2 * MARGIN);
        float[] expected = head.clone();
        for (int i = MARGIN; i < MARGIN + half; i++) {
            float c = cos[row + i - MARGIN];
            float s = sin[row + i - MARGIN];
            expected[i] = head[i] * c - head[i + half] * s;
            expected[i + half] = head[i] * s + head[i + half] * c;
        }
        for (AttentionKernels kernels : KernelsAgainstFormulaTest.kernels()) {
            float[] rotated = head.clone();
            kernels.rotate(rotated, MARGIN, headSize, cos, sin, row);
            assertThat(rotated).as(kernels.name()).isEqualTo(expected);
        }
    }

    private static float[] floats(Random random, int count) {
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return values;
    }
}
