package io.alisa.compat.quality;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.Random;

import org.junit.jupiter.api.Test;

class ChangeTest {
    @Test
    void whatIsHardAboutTheTextCancels() {
        double[] reference = new Random(1).doubles(400, 0, 10).toArray();
        double[] loss = Arrays.stream(reference).map(x -> x + 0.01).toArray();
        Change change = Change.of(loss, reference);
        assertThat(change.relative()).isCloseTo(Math.expm1(0.01), within(1e-12));
        assertThat(change.standardError()).isCloseTo(0, within(1e-12));
    }

    @Test
    void theStandardErrorIsTheSpreadOfManyRuns() {
        // What the standard error claims, tried out: the same experiment 2,000 times.
        Random random = new Random(2);
        double[] changes = new double[2000];
        double claimed = 0;
        for (int i = 0; i < changes.length; i++) {
            double[] loss = random.doubles(400).map(x -> 0.1 * (x - 0.5)).toArray();
            Change change = Change.of(loss, new double[400]);
            changes[i] = change.relative();
            claimed += change.standardError() / changes.length;
        }
        double mean = Arrays.stream(changes).average().orElseThrow();
        double spread = Math.sqrt(Arrays.stream(changes).map(x -> (x - mean) * (x - mean)).average().orElseThrow());
        assertThat(claimed).isCloseTo(spread, within(0.05 * spread));
    }

    @Test
    void neighboursThatErrTogetherCountAsOne() {
        double[] runs = new double[400];
        Arrays.setAll(runs, i -> (i / 20) % 2 == 0 ? 0.1 : -0.1);
        // Twenty means of +-0.1: deviation 0.1 * sqrt(20/19), divided by sqrt(20).
        assertThat(Change.of(runs, new double[400]).standardError()).isCloseTo(0.1 / Math.sqrt(19), within(1e-9));
    }

    @Test
    void tooFewTokensHaveNoStandardError() {
        assertThat(Change.of(new double[30], new double[30]).standardError()).isNaN();
    }
}
