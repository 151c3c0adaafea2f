package io.alisa.compat.quality;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** How good it must be. What was not measured is not judged. */
final class Bars {
    private static final double INT8_CHANGE = 0.0005;
    private static final double INT8_AGREEMENT = 0.995;
    private static final double SPARSE_CHANGE = 0.01;
    /** So many standard errors away from a bar, a change is clearly on that side of it: one in twenty is not. */
    private static final double SURE = 1.65;
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
            double agreement = int8.all().topAgreement();
            bars.verdicts.add(new Verdict(int8.setting() + ": top-1 agreement", "at least 99.5 %",
                    String.format(Locale.ROOT, "%.2f %%", 100 * agreement), agreement >= INT8_AGREEMENT));
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
        verdicts.add(
                new Verdict(what, String.format(Locale.ROOT, "at most %+.2f %%", 100 * bar), Markdown.change(change),
                        change.relative() <= bar,
                        !(Math.abs(change.relative() - bar) <= SURE * change.standardError())));
    }

    private void recall(int distance) {
        results.recall(Setting.DENSE_F32, distance).ifPresent(dense -> results.recall(Setting.SPARSE_DEFAULT, distance)
                .ifPresent(sparse -> {
                    int lost = dense.count() - sparse.count();
                    verdicts.add(new Verdict(sparse.setting() + ": recall over " + distance + " tokens",
                            "at most " + RECALL_LOST + " of 100 fewer than dense F32",
                            sparse.count() + " against " + dense.count() + " of " + dense.questions(),
                            100 * lost <= RECALL_LOST * dense.questions()));
                }));
    }
}
