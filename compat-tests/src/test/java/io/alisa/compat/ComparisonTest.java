package io.alisa.compat;

import static org.assertj.core.api.Assertions.assertThat;

import io.alisa.compat.scenario.Trace;

import org.junit.jupiter.api.Test;

/** The judge must find a difference where there is one. */
class ComparisonTest {
    private static final Trace HOST = new Trace().add(1, new float[]{0, 3, 2.99f}).add(0, new float[]{5, 1, 2});

    @Test
    void aTraceEqualsItself() {
        Comparison same = Comparison.of(HOST, HOST, logits -> 0);
        assertThat(same).isEqualTo(new Comparison(2, 0, java.util.List.of(), 0, 0));
    }

    @Test
    void anotherTokenFarBehindIsAnError() {
        Trace plugin = new Trace().add(1, new float[]{0, 3, 2.99f}).add(2, new float[]{1, 1, 2});
        Comparison different = Comparison.of(HOST, plugin, logits -> 0.1);
        assertThat(different.ties()).isZero();
        assertThat(different.errors()).singleElement().asString().contains("step 1", "host says 0", "plugin says 2");
        assertThat(different.largest()).isEqualTo(4);
    }

    @Test
    void anotherTokenCloseBehindIsATie() {
        Trace plugin = new Trace().add(2, new float[]{0, 2.99f, 3}).add(0, new float[]{5, 1, 2});
        Comparison tie = Comparison.of(HOST, plugin, logits -> 0.1);
        assertThat(tie.ties()).isEqualTo(1);
        assertThat(tie.errors()).isEmpty();
    }

    @Test
    void aNumberThatIsNoneSpoilsTheMeasures() {
        Trace plugin = new Trace().add(1, new float[]{Float.NaN, 3, 2.99f}).add(0, new float[]{5, 1, 2});
        Comparison spoiled = Comparison.of(HOST, plugin, logits -> 0.1);
        assertThat(spoiled.largest()).isNaN();
        assertThat(spoiled.nmse()).isNaN();
    }

    @Test
    void aShorterTraceIsAnError() {
        assertThat(Comparison.of(HOST, new Trace(), logits -> 0).errors()).hasSize(1);
    }
}
