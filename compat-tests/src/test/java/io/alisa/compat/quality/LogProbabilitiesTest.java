package io.alisa.compat.quality;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;

import org.junit.jupiter.api.Test;

class LogProbabilitiesTest {
    @Test
    void aSoftmaxSumsToOneAndKeepsRatios() {
        float[] logits = random(1, 500);
        float[] said = LogProbabilities.of(logits);
        double sum = 0;
        for (int i = 0; i < logits.length; i++) {
            sum += Math.exp(said[i]);
            assertThat(said[i] - said[0]).isCloseTo(logits[i] - logits[0], within(1e-4f));
        }
        assertThat(sum).isCloseTo(1, within(1e-5));
    }

    @Test
    void largeLogitsDoNotOverflow() {
        assertThat(LogProbabilities.of(new float[]{1e4f, 1e4f})).containsExactly((float) Math.log(0.5),
                (float) Math.log(0.5));
    }

    @Test
    void divergenceOfKnownDistributions() {
        float[] half = logs(0.5, 0.5);
        float[] quarter = logs(0.25, 0.75);
        assertThat(LogProbabilities.divergence(half, quarter))
                .isCloseTo(0.5 * Math.log(0.5 / 0.25) + 0.5 * Math.log(0.5 / 0.75), within(1e-6));
        assertThat(LogProbabilities.divergence(half, half)).isZero();
    }

    @Test
    void divergenceIsNeverNegative() {
        for (int i = 0; i < 50; i++) {
            assertThat(LogProbabilities.divergence(LogProbabilities.of(random(i, 64)),
                    LogProbabilities.of(random(100 + i, 64)))).isPositive();
        }
    }

    @Test
    void theBestIsTheFirstOfEquals() {
        assertThat(LogProbabilities.best(new float[]{1, 3, 3, 2})).isEqualTo(1);
    }

    private static float[] logs(double... shares) {
        float[] logs = new float[shares.length];
        for (int i = 0; i < shares.length; i++) {
            logs[i] = (float) Math.log(shares[i]);
        }
        return logs;
    }

    private static float[] random(int seed, int size) {
        Random random = new Random(seed);
        float[] values = new float[size];
        for (int i = 0; i < size; i++) {
            values[i] = (float) (3 * random.nextGaussian());
        }
        return values;
    }
}
