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
        double[] agreements = new double[TOKENS];
        Arrays.fill(agreements, agreement);
        return decode(setting, loss, agreements);
    }

    /** Every token's loss is that of dense F32; one token in so many, the first of all among them, has another best one. */
    static DecodeResult disagreeing(Setting setting, int tokens, int oneIn) {
        double[] agreements = new double[tokens];
        Arrays.setAll(agreements, i -> i % oneIn == 0 ? 0 : 1);
        return decode(setting, 4, agreements);
    }

    private static DecodeResult decode(Setting setting, double loss, double[] agreements) {
        double[] losses = new double[agreements.length];
        Arrays.fill(losses, loss);
        return new DecodeResult(setting, Map.of("a.txt", new Scores(losses, new double[losses.length], agreements)),
                100,
                new AttentionSummary(0, Double.NaN, Double.NaN, new TreeMap<>()));
    }

    static RecallResult recall(Setting setting, int right) {
        return recall(setting, 0, right, 100);
    }

    /** The questions from one on to another, that one not among them, were answered. */
    static RecallResult recall(Setting setting, int from, int end, int questions) {
        List<Boolean> answers = IntStream.range(0, questions).mapToObj(i -> i >= from && i < end).toList();
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
