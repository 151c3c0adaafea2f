package io.alisa.compat.quality;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** How good it must be. What was not measured is not judged. */
final class Bars {
    private static final double INT8_CHANGE = 0.0005;
    private static final double INT8_AGREEMENT = 0.995;
    private static final double SPARSE_CHANGE = 0.01;
    /** Of 100 questions. */
    private static final int RECALL_LOST = 2;

    private final Results results;
    private final List<Verdict> verdicts = new ArrayList<>();

    private Bars(Results results) {
        this.results = results;
    }

    static List<Verdict> judge(Results results) {
        Bars bars = new Bars(results);
        results.decode(Setting.DENSE_INT8).ifPresent(int8 -> {
            bars.change(int8, INT8_CHANGE);
            bars.agreement(int8);
        });
        results.decode(Setting.SPARSE_DEFAULT).ifPresent(sparse -> bars.change(sparse, SPARSE_CHANGE));
        results.distances().forEach(bars::recall);
        return bars.verdicts;
    }

    /** All texts together, and each alone: a mean must not hide the hard one. */
    private void change(DecodeResult result, double bar) {
        change(result.setting() + ": perplexity, all texts", result.change(results.dense()), bar);
        if (results.texts().size() > 1) {
            for (String text : results.texts()) {
                change(result.setting() + ": perplexity, " + text, result.change(results.dense(), text), bar);
            }
        }
    }

    private void change(String what, Change change, double bar) {
        verdicts.add(Verdict.of(what, String.format(Locale.ROOT, "at most %+.2f %%", 100 * bar),
                Markdown.change(change), change.relative() - bar, change.standardError()));
    }

    private void agreement(DecodeResult result) {
        double agreement = result.all().topAgreement();
        double error = result.all().topAgreementError();
        verdicts.add(Verdict.of(result.setting() + ": top-1 agreement", "at least 99.5 %",
                String.format(Locale.ROOT, "%.2f %% ± %.2f", 100 * agreement, 100 * error), INT8_AGREEMENT - agreement,
                error));
    }

    private void recall(int distance) {
        results.recall(Setting.DENSE_F32, distance).ifPresent(dense -> results.recall(Setting.SPARSE_DEFAULT, distance)
                .ifPresent(sparse -> recall(distance, dense, sparse)));
    }

    private void recall(int distance, RecallResult dense, RecallResult sparse) {
        int lost = dense.count() - sparse.count();
        verdicts.add(Verdict.of(sparse.setting() + ": recall over " + distance + " tokens",
                "at most " + RECALL_LOST + " of 100 fewer than dense F32",
                sparse.count() + " against " + dense.count() + " of " + dense.questions(),
                lost - RECALL_LOST * dense.questions() / 100.0, sparse.errorOfDifference(dense)));
    }
}
