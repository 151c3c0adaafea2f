package io.alisa.compat.quality;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

import org.junit.jupiter.api.Test;

class BarsTest {
    @Test
    void aRunAtTheBarsPasses() {
        assertThat(Bars.judge(Made.results(0.00049, 0.995, 0.0099, 97, 95))).hasSize(4).allMatch(Verdict::passed);
    }

    @Test
    void eachBarFailsByItself() {
        assertThat(passed(Made.results(0.0006, 1, 0, 100, 100))).containsExactly(false, true, true, true);
        assertThat(passed(Made.results(0, 0.9949, 0, 100, 100))).containsExactly(true, false, true, true);
        assertThat(passed(Made.results(0, 1, 0.011, 100, 100))).containsExactly(true, true, false, true);
        assertThat(passed(Made.results(0, 1, 0, 97, 94))).containsExactly(true, true, true, false);
    }

    @Test
    void betterIsNoFailure() {
        assertThat(Bars.judge(Made.results(-0.1, 1, -0.1, 60, 80))).allMatch(Verdict::passed);
    }

    @Test
    void whatWasNotMeasuredIsNotJudged() {
        Results dense = new Results(List.of(Made.decode(Setting.DENSE_F32, 4, 1)), List.of());
        assertThat(Bars.judge(dense)).isEmpty();
    }

    @Test
    void aFigureThatIsNotANumberFails() {
        assertThat(passed(Made.results(Double.NaN, Double.NaN, Double.NaN, 100, 100))).containsExactly(false, false,
                false,
                true);
    }

    @Test
    void aFigureNearItsBarIsNotClear() {
        double[] losses = new double[200];
        Arrays.setAll(losses, i -> 4 + (i / 20 % 2 == 0 ? 0.0005 : 0.0003)); // 0.0004, give or take 0.00003
        DecodeResult int8 = new DecodeResult(Setting.DENSE_INT8,
                Map.of("a.txt", new Scores(losses, new double[200], new double[200])), 100,
                new AttentionSummary(0, Double.NaN, Double.NaN, new TreeMap<>()));
        assertThat(verdict(int8)).isEqualTo("pass");
        Arrays.setAll(losses, i -> 4 + (i / 20 % 2 == 0 ? 0.0012 : -0.0004)); // 0.0004, give or take 0.00027
        assertThat(verdict(int8)).isEqualTo("pass, within the error of measuring");
        Arrays.setAll(losses, i -> 4 + (i / 20 % 2 == 0 ? 0.0014 : -0.0002)); // 0.0006
        assertThat(verdict(int8)).isEqualTo("**FAIL**, within the error of measuring");
    }

    @Test
    void aChangeWhoseErrorNobodyKnowsIsNotClear() {
        // One run of tokens: there is no other to compare it with.
        DecodeResult dense = Made.disagreeing(Setting.DENSE_F32, 30, 30);
        DecodeResult int8 = Made.disagreeing(Setting.DENSE_INT8, 30, 30);
        assertThat(Bars.judge(new Results(List.of(dense, int8), List.of()))).extracting(Verdict::word)
                .containsExactly("pass, within the error of measuring", "**FAIL**, within the error of measuring");
    }

    @Test
    void aFigureThatIsNotANumberFailsClearly() {
        assertThat(Bars.judge(Made.results(Double.NaN, Double.NaN, Double.NaN, 100, 100))).extracting(Verdict::word)
                .containsExactly("**FAIL**", "**FAIL**", "**FAIL**", "pass");
    }

    @Test
    void agreementNearItsBarIsNotClear() {
        assertThat(agreement(2_400, 600)).isEqualTo("99.83 % ± 0.08: pass");
        assertThat(agreement(800, 266)).isEqualTo("99.50 % ± 0.24: pass, within the error of measuring");
        assertThat(agreement(800, 160)).isEqualTo("99.38 % ± 0.26: **FAIL**, within the error of measuring");
        assertThat(agreement(800, 20)).isEqualTo("95.00 % ± 0.00: **FAIL**");
    }

    @Test
    void aQuestionLostByChanceIsNotClear() {
        assertThat(recall(0, 19, 0, 18, 20)).isEqualTo("**FAIL**, within the error of measuring");
        assertThat(recall(0, 19, 0, 19, 20)).isEqualTo("pass");
        assertThat(recall(0, 19, 0, 10, 20)).isEqualTo("**FAIL**");
    }

    @Test
    void questionsGainedAndLostAreBothChance() {
        assertThat(recall(0, 50, 0, 47, 100)).isEqualTo("**FAIL**, within the error of measuring");
        assertThat(recall(0, 50, 20, 69, 100)).isEqualTo("pass, within the error of measuring");
        assertThat(recall(0, 50, 20, 50, 100)).isEqualTo("**FAIL**");
    }

    private static String verdict(DecodeResult int8) {
        return Bars.judge(new Results(List.of(Made.decode(Setting.DENSE_F32, 4, 1), int8), List.of())).getFirst()
                .word();
    }

    private static String agreement(int tokens, int oneIn) {
        DecodeResult dense = Made.disagreeing(Setting.DENSE_F32, tokens, tokens);
        Verdict verdict = Bars.judge(
                new Results(List.of(dense, Made.disagreeing(Setting.DENSE_INT8, tokens, oneIn)), List.of()))
                .getLast();
        return verdict.measured() + ": " + verdict.word();
    }

    /** Dense attention answered the questions of one range, sparse attention those of another. */
    private static String recall(int denseFrom, int denseEnd, int sparseFrom, int sparseEnd, int questions) {
        return Bars.judge(new Results(List.of(Made.decode(Setting.DENSE_F32, 4, 1)),
                List.of(Made.recall(Setting.DENSE_F32, denseFrom, denseEnd, questions),
                        Made.recall(Setting.SPARSE_DEFAULT, sparseFrom, sparseEnd, questions))))
                .getFirst().word();
    }

    private static List<Boolean> passed(Results results) {
        return Bars.judge(results).stream().map(Verdict::passed).toList();
    }
}
