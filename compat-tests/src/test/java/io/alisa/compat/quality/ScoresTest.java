package io.alisa.compat.quality;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;

import org.junit.jupiter.api.Test;

class ScoresTest {
    /** Two tokens of prompt, then tokens 1 and 3 are read and 3 and 0 should be predicted. */
    private static final Window WINDOW = new Window(2, new int[]{2, 2, 1, 3, 0});

    @Test
    void aModelThatKnowsNothingIsAsPerplexAsItsVocabularyIsLarge() {
        float[] uniform = LogProbabilities.of(new float[4]);
        Scores scores = Scores.of(WINDOW, new float[][]{uniform, uniform}, new float[][]{uniform, uniform});
        assertThat(scores.tokens()).isEqualTo(2);
        assertThat(scores.perplexity()).isCloseTo(4, within(1e-5));
        assertThat(scores.meanDivergence()).isZero();
        assertThat(scores.topAgreement()).isEqualTo(1);
    }

    @Test
    void theTokensAfterThoseReadCount() {
        float[] three = LogProbabilities.of(new float[]{0, 0, 0, 2});
        float[] zero = LogProbabilities.of(new float[]{1, 0, 0, 0});
        Scores scores = Scores.of(WINDOW, new float[][]{three, zero}, new float[][]{three, three});
        assertThat(scores.loss()).containsExactly(-three[3], -zero[0]);
        assertThat(scores.topAgreement()).isEqualTo(0.5);
        assertThat(scores.meanDivergence()).isCloseTo(LogProbabilities.divergence(three, zero) / 2, within(1e-12));
    }

    @Test
    void joinedWindowsWeighEachTokenAlike() {
        Scores one = new Scores(new double[]{1}, new double[]{0}, new double[]{1});
        Scores two = new Scores(new double[]{4, 4}, new double[]{3, 3}, new double[]{0, 0});
        Scores both = Scores.join(List.of(one, two));
        assertThat(both.perplexity()).isCloseTo(Math.exp(3), within(1e-9));
        assertThat(both.meanDivergence()).isEqualTo(2);
        assertThat(both.topAgreement()).isCloseTo(1 / 3.0, within(1e-12));
    }
}
