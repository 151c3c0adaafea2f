package io.alisa.compat.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class AttentionAloneTest {
    private static final int BASE = 16;

    private final Figures layer = new Figures();
    private final AttentionAlone attention = new AttentionAlone(layer, BASE);

    @Test
    void theFasterLayerIsSubtractedFromNotTheSmallerDifference() {
        alike(1000, 1000, 1000);
        measured(Mode.EXACT, true, 1265, 1842); // a difference of 577
        measured(Mode.EXACT, false, 1497, 1956); // of 459 only, in a slower layer
        assertThat(attention.time(Mode.EXACT, 4_096)).isEqualTo(577);
    }

    @Test
    void modesThatRunTheSameCodeHaveOneBaseline() {
        alike(1100, 1160, 1130);
        layer.add(new Opponent(Mode.INT8, true), 4_096, 2130, Double.NaN);
        layer.add(new Opponent(Mode.SPARSE_20, true), 4_096, 1630, Double.NaN);
        assertThat(attention.spread()).isEqualTo(60);
        assertThat(attention.time(Mode.INT8, 4_096)).isCloseTo(1000, within(1e-9));
        assertThat(attention.time(Mode.SPARSE_20, 4_096)).isCloseTo(500, within(1e-9));
    }

    @Test
    void theOperationsHaveBaselinesOfTheirOwn() {
        alike(1000, 1000, 1000);
        measured(Mode.INT8, false, 900, 2000);
        assertThat(attention.baseline(new Opponent(Mode.SPARSE_10, true))).isEqualTo(1000);
        assertThat(attention.baseline(new Opponent(Mode.SPARSE_10, false))).isEqualTo(900);
        assertThat(attention.spread()).as("one is no spread").isZero();
    }

    @Test
    void whatTheBaselineMayBeOffByIsNoAttention() {
        alike(1056, 1156, 1145); // 100 apart
        measured(Mode.HOST, true, 1278, 1777);
        measured(Mode.EXACT, true, 1169, 1669);
        assertThat(attention.time(Mode.HOST, 4_096)).as("a difference of 499").isNaN();
        assertThat(attention.time(Mode.EXACT, 4_096)).isEqualTo(500);
    }

    @Test
    void withoutASpreadNothingIsSaid() {
        measured(Mode.HOST, true, 1000, 9000);
        assertThat(attention.spread()).isNaN();
        assertThat(attention.time(Mode.HOST, 4_096)).isNaN();
    }

    @Test
    void whatWasNotMeasuredIsNotANumber() {
        alike(1000, 1000, 1000);
        assertThat(attention.time(Mode.INT8, 4_096)).isNaN();
    }

    private void alike(double int8, double sparse20, double sparse10) {
        layer.add(new Opponent(Mode.INT8, true), BASE, int8, Double.NaN);
        layer.add(new Opponent(Mode.SPARSE_20, true), BASE, sparse20, Double.NaN);
        layer.add(new Opponent(Mode.SPARSE_10, true), BASE, sparse10, Double.NaN);
    }

    private void measured(Mode mode, boolean panama, double atBase, double at4096) {
        layer.add(new Opponent(mode, panama), BASE, atBase, Double.NaN);
        layer.add(new Opponent(mode, panama), 4_096, at4096, Double.NaN);
    }
}
