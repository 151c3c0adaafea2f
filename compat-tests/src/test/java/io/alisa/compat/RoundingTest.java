package io.alisa.compat;

import static org.assertj.core.api.Assertions.assertThat;

import io.alisa.compat.scenario.Types;
import io.alisa.compat.tiny.WeightType;

import org.junit.jupiter.api.Test;

class RoundingTest {

    @Test
    void theCoarsestRoundingOnTheWayCounts() {
        assertThat(Rounding.of(WeightType.F32, Types.F32_I8)).isEqualTo(Rounding.F32);
        assertThat(Rounding.of(WeightType.BF16, Types.F32)).isEqualTo(Rounding.BF16_ACTIVATIONS);
        assertThat(Rounding.of(WeightType.BF16, Types.BF16)).isEqualTo(Rounding.BF16);
        assertThat(Rounding.of(WeightType.Q4, Types.F32)).isEqualTo(Rounding.F32);
        assertThat(Rounding.of(WeightType.Q4, Types.F32_I8)).isEqualTo(Rounding.I8_ACTIVATIONS);
    }

    /** Logits of the tests go up to about 12 and two neighbours lie about 0.5 apart. */
    @Test
    void aTieIsAHairsBreadth() {
        assertThat(Rounding.F32.tieGap(2, 128, 500, 12)).isBetween(1e-5, 1e-3);
        assertThat(Rounding.BF16_ACTIVATIONS.tieGap(2, 128, 500, 12)).isBetween(1e-3, 0.1);
        assertThat(Rounding.I8_ACTIVATIONS.tieGap(2, 512, 500, 12)).isBetween(1e-3, 0.1);
        assertThat(Rounding.BF16.tieGap(2, 128, 500, 12)).isBetween(1e-2, 0.2);
    }
}
