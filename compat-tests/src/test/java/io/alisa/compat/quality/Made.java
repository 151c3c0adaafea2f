package io.alisa.compat.quality;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;

/** Results as if measured. */
final class Made {
    private static final int TOKENS = 200;

    private Made() {
    }

    /** Every token's loss is the same. */
    static DecodeResult decode(Setting setting, double loss, double agreement) {
        double[] losses = new double[TOKENS];
        Arrays.fill(losses, loss);
        double[] agreements = new double[TOKENS];
        Arrays.fill(agreements, agreement);
        return new DecodeResult(setting, Map.of("a.txt", new Scores(losses, new double[TOKENS], agreements)), 100,
                new AttentionSummary(0, Double.NaN, Double.NaN, new TreeMap<>()));
    }

    static RecallResult recall(Setting setting, int right) {
        List<Boolean> answers = IntStream.range(0, 100).mapToObj(i -> i < right).toList();
        return new RecallResult(setting, 450, answers);
    }

    /** A run whose INT8 and default sparse settings are worse than dense F32 by so much. */
    static Results results(double int8Loss, double int8Agreement, double sparseLoss, int denseRight, int sparseRight) {
        return new Results(
                List.of(decode(Setting.DENSE_F32, 4, 1), decode(Setting.DENSE_INT8, 4 + int8Loss, int8Agreement),
                        decode(Setting.SPARSE_DEFAULT, 4 + sparseLoss, 0.9)),
                List.of(recall(Setting.DENSE_F32, denseRight), recall(Setting.SPARSE_DEFAULT, sparseRight)));
    }
}
