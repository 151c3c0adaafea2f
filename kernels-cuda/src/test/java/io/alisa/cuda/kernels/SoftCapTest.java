package io.alisa.cuda.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import java.util.stream.IntStream;

import io.alisa.cuda.emulation.EmulatedKernels;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The kernels cap estimates as the plugin does, to the bit: or they would choose other tokens. */
class SoftCapTest {
    private static final long SEED = 20_261_204;
    private static final int SCORES = 1 << 19;

    @ParameterizedTest
    @ValueSource(floats = {50, 30, 0.37f, 1e-30f, 1e30f})
    void hasTheBitsOfThePlugin(float softCap) {
        Random random = new Random(SEED);
        float[] scores = new float[SCORES];
        for (int i = 0; i < scores.length; i++) {
            scores[i] = i % 2 == 0
                    ? (float) (softCap * random.nextGaussian() * Math.exp(2 * random.nextGaussian()))
                    : Float.intBitsToFloat(random.nextInt());
        }
        float[] edges = {0f, Float.MIN_VALUE, 0.625f * softCap, 43.5f * softCap, Float.MAX_VALUE,
                Float.POSITIVE_INFINITY, Float.NaN};
        for (int i = 0; i < edges.length; i++) {
            scores[2 * i] = edges[i];
            scores[2 * i + 1] = -edges[i];
        }
        float[] expected = scores.clone();
        SelectionRun.selectionKernels().cap(expected, 0, SCORES, softCap);
        float[] actual = scores.clone();
        EmulatedKernels.orSkip().cap(actual, softCap);
        assertThat(bits(actual)).isEqualTo(bits(expected));
    }

    private static int[] bits(float[] floats) {
        return IntStream.range(0, floats.length).map(i -> Float.floatToRawIntBits(floats[i])).toArray();
    }
}
