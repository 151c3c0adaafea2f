package io.alisa.compat.quality;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.TreeSet;

/** The figures as a page: the bars first, then the tables, then how it was measured. */
final class Report {
    private final Options options;
    private final Texts texts;
    private final Results results;
    private final Markdown page = new Markdown();

    private Report(Options options, Texts texts, Results results) {
        this.options = options;
        this.texts = texts;
        this.results = results;
    }

    static String of(Options options, Texts texts, Results results, List<String> charts) {
        Report report = new Report(options, texts, results);
        report.head();
        report.bars();
        report.decode();
        report.recall();
        report.attention();
        report.charts(charts);
        report.method();
        return report.page.toString();
    }

    private void head() {
        page.paragraph("# Quality");
        if (!options.verify()) {
            page.paragraph("**The check of the settings was switched off: these figures prove nothing.**");
        }
        page.paragraph(String.format(Locale.ROOT, """
                - Model: memo (trained, of this repository), weights in F32, in Jlama 0.8.4 with the plugin.
                - Text: %s (%s). %,d windows each, %,d tokens of prompt, then %,d tokens decoded: %,d tokens scored.
                - Recall: %d questions at each distance.
                - `%s`
                - Java %s, %s, %d processors.""", String.join(", ", results.texts()), texts.remark(), options.windows(),
                options.prompt(), options.tokens(), results.dense().all().tokens(),
                results.recall().stream().mapToInt(RecallResult::questions).max().orElse(0), options.command(),
                Runtime.version(), System.getProperty("os.arch"), Runtime.getRuntime().availableProcessors()));
    }

    private void bars() {
        List<List<String>> rows = new ArrayList<>();
        for (Verdict verdict : Bars.judge(results)) {
            rows.add(
                    List.of(verdict.what(), verdict.bar(), verdict.measured(), verdict.word()));
        }
        page.heading("Bars").table(List.of("what", "bar", "measured", "verdict"), rows);
    }

    private void decode() {
        List<String> head = new ArrayList<>(
                List.of("policy", "KV sparsity", "KV", "tokens attended per step", "perplexity",
                        "change ± standard error"));
        results.texts().forEach(text -> head.add("change on " + text));
        head.addAll(List.of("KL divergence", "same top-1", "kept mass", "Spearman"));
        List<List<String>> rows = new ArrayList<>();
        for (DecodeResult result : results.decode()) {
            rows.add(row(result));
        }
        page.heading("Teacher-forced decoding, against dense F32").table(head, rows);
    }

    private List<String> row(DecodeResult result) {
        Scores all = result.all();
        boolean reference = result.setting().equals(Setting.DENSE_F32);
        List<String> row = new ArrayList<>(List.of(result.setting().policy().key(), result.setting().sparsity() + " %",
                result.setting().kvType(), String.format(Locale.ROOT, "%.0f", result.attended()),
                String.format(Locale.ROOT, "%.3f", all.perplexity()),
                reference ? "-" : Markdown.change(result.change(results.dense()))));
        for (String text : results.texts()) {
            row.add(reference
                    ? String.format(Locale.ROOT, "(perplexity %.3f)", result.of(text).perplexity())
                    : Markdown.change(result.change(results.dense(), text)));
        }
        row.addAll(List.of(Markdown.number(all.meanDivergence()),
                String.format(Locale.ROOT, "%.2f %%", 100 * all.topAgreement()),
                Markdown.number(result.attention().keptMass()), Markdown.number(result.attention().rankCorrelation())));
        return row;
    }

    private void recall() {
        List<String> head = new ArrayList<>(List.of("policy", "KV sparsity", "KV"));
        results.distances().forEach(distance -> head.add(distance + " tokens (gained, lost)"));
        List<List<String>> rows = new ArrayList<>();
        for (Setting setting : results.recallSettings()) {
            List<String> row = new ArrayList<>(
                    List.of(setting.policy().key(), setting.sparsity() + " %", setting.kvType()));
            for (int distance : results.distances()) {
                RecallResult dense = results.recall(Setting.DENSE_F32, distance).orElseThrow();
                row.add(results.recall(setting, distance)
                        .map(r -> String.format(Locale.ROOT, "%d of %d (+%d, -%d)", r.count(), r.questions(),
                                r.beyond(dense), dense.beyond(r)))
                        .orElse("-"));
            }
            rows.add(row);
        }
        page.heading("Facts recalled, word for word").table(head, rows);
    }

    private void attention() {
        page.heading("Attention sparsity by layer");
        List<DecodeResult> sampled = results.densestSampled().stream().toList();
        if (!results.sampled()) {
            page.paragraph("**The plugin gave no " + AttentionRecording.EVENT
                    + " events: kept mass, rank correlation and sparsity by layer are missing.**");
        } else if (sampled.isEmpty()) {
            page.paragraph("**The plugin's " + AttentionRecording.EVENT + " events have no layer or no sparsity.**");
        }
        for (DecodeResult result : sampled) {
            TreeSet<Integer> layers = new TreeSet<>(result.attention().sparsity().keySet());
            List<List<String>> rows = new ArrayList<>();
            result.attention().sparsity().forEach((layer, share) -> rows
                    .add(List.of(String.valueOf(layer), String.format(Locale.ROOT, "%.1f %%", 100 * share))));
            page.paragraph("Measured under '" + result.setting() + "', " + layers.size() + " layers.")
                    .table(List.of("layer", "dense weights below 1 % of their row's maximum"), rows);
        }
    }

    private void charts(List<String> files) {
        page.heading("Charts");
        files.forEach(file -> page.paragraph("![" + file.replace(".png", "") + "](" + file + ")"));
    }

    private void method() {
        page.heading("How it was measured");
        Arrays.stream(
                """
                        The plugin reads its settings when a session is first used, so all settings ran in one JVM, on the same
                        weights and the same text. After each session the plugin was asked for its mode and for the tokens it
                        attended per step; had they not been those asked for, the run would have failed.
                        ;
                        Decoding: the prompt is read at once, which is dense under every setting; then the true tokens go in one by
                        one. KV sparsity is 1 - caching ratio. The standard error is that of the relative change, from the
                        differences token by token, between the means of runs of 20 tokens: a change below twice that is noise.
                        Perplexity, KL divergence (nats) and top-1 agreement are over all windows of all texts; the standard error
                        of top-1 agreement is taken between the same runs.
                        ;
                        Recall: five facts are told, a passage follows, and the facts are asked for in the order they were told.
                        Everything up to the first question is read at once. The questions go in token by token, so that the policy
                        is in force while they are read and answered; had they been part of the prompt, the dense reading alone
                        would have found the facts. The answer is greedy and must equal the statement told. Gained and lost count
                        the questions against dense F32; the standard error of the difference is the root of their sum. The model
                        was trained on 2,048 tokens, and close to that even dense attention recalls only a part: what one setting
                        gains and loses there is partly chance.
                        """
                        .split(";\n", -1))
                .map(text -> text.strip().replace('\n', ' ')).forEach(page::paragraph);
    }
}
