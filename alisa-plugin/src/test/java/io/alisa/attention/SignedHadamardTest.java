package io.alisa.attention;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SignedHadamardTest {
    private static final int OFFSET = 3;

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 8, 31, 32, 64, 80, 128, 256})
    void lengthsAndProductsStay(int headSize) {
        SignedHadamard hadamard = new SignedHadamard(headSize);
        for (int seed = 0; seed < 20; seed++) {
            float[] a = padded(Tokens.normal(headSize, 1, seed, 0, 0, 0));
            float[] b = padded(Tokens.normal(headSize, 1, seed, 1, 0, 0));
            double[] before = {product(a, b), product(a, a), product(b, b)};
            hadamard.apply(a, OFFSET);
            hadamard.apply(b, OFFSET);
            double bound = 1e-5 * Math.sqrt(before[1] * before[2]);
            assertThat(product(a, b)).isCloseTo(before[0], within(bound));
            assertThat(product(a, a)).isCloseTo(before[1], within(1e-5 * before[1]));
            assertThat(a).as("what is around it").startsWith(7, 7, 7).endsWith(7, 7, 7);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {8, 32, 64, 80, 128})
    void aLargeChannelIsSpread(int headSize) {
        SignedHadamard hadamard = new SignedHadamard(headSize);
        float[] x = new float[headSize];
        x[5] = 16;
        hadamard.apply(x, 0);
        int piece = Integer.lowestOneBit(headSize);
        float largest = 0;
        for (float channel : x) {
            largest = Math.max(largest, Math.abs(channel));
        }
        assertThat(largest).isCloseTo((float) (16 / Math.sqrt(piece)), within(1e-5f));
    }

    /** A session that was closed is computed again by another one: the signs must be the same. */
    @Test
    void twoOfThemAreTheSame() {
        float[] a = Tokens.normal(64, 1, 1, 0, 0, 0);
        float[] b = a.clone();
        new SignedHadamard(64).apply(a, 0);
        new SignedHadamard(64).apply(b, 0);
        assertThat(a).isEqualTo(b);
    }

    private static float[] padded(float[] x) {
        float[] padded = new float[x.length + 2 * OFFSET];
        Arrays.fill(padded, 7);
        System.arraycopy(x, 0, padded, OFFSET, x.length);
        return padded;
    }

    private static double product(float[] a, float[] b) {
        double sum = 0;
        for (int i = OFFSET; i < a.length - OFFSET; i++) {
            sum += (double) a[i] * b[i];
        }
        return sum;
    }
}
