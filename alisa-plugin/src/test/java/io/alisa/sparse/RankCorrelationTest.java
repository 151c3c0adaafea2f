package io.alisa.sparse;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class RankCorrelationTest {
    private static final double[] RISING = {1, 2, 10, 11, 1000};

    @Test
    void onlyTheOrderCounts() {
        assertThat(RankCorrelation.of(RISING, new double[]{0.1, 0.2, 0.3, 7, 8})).isCloseTo(1, within(1e-12));
        assertThat(RankCorrelation.of(RISING, new double[]{5, 4, 3, 2, 1})).isCloseTo(-1, within(1e-12));
    }

    /** Ranks 1.5, 1.5, 3, 4.5, 4.5 against 1 to 5: covariance 9, variances 9 and 10. */
    @Test
    void tiesShareTheirMeanRank() {
        assertThat(RankCorrelation.of(RISING, new double[]{0, 0, 1, 2, 2})).isCloseTo(9 / Math.sqrt(90), within(1e-12));
    }

    @Test
    void aConstantCorrelatesWithNothing() {
        assertThat(RankCorrelation.of(RISING, new double[5])).isZero();
    }
}
