package io.alisa.compat.quality;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.ToDoubleFunction;

/** The pictures of a report. */
final class Charts {
    private static final String SPARSITY = "KV sparsity, %";

    private final Results results;
    private final Path directory;
    private final List<String> files = new ArrayList<>();

    private Charts(Results results, Path directory) {
        this.results = results;
        this.directory = directory;
    }

    /** Draws all there is something to draw for; returns the files' names. */
    static List<String> draw(Results results, Path directory) {
        Charts charts = new Charts(results, directory);
        try {
            for (boolean int8 : new boolean[]{false, true}) {
                charts.ofKvType(int8);
            }
            charts.save("attention-sparsity", charts.sparsityByLayer());
        } catch (IOException | InternalError | UnsatisfiedLinkError | NoClassDefFoundError e) {
            throw new QualityException("The charts can't be drawn (" + e
                    + "); a JVM without a screen still needs fontconfig and a font: apt-get install fontconfig fonts-dejavu",
                    e);
        }
        return charts.files;
    }

    private void ofKvType(boolean int8) throws IOException {
        String kv = int8 ? "INT8" : "F32";
        save("perplexity-" + kv, overSparsity(
                new LineChart("Perplexity, " + kv + " KV", SPARSITY, "change against dense F32, %"), int8,
                result -> 100 * result.change(results.dense()).relative()));
        save("kl-" + kv, overSparsity(
                new LineChart("Divergence from dense F32, " + kv + " KV", SPARSITY, "mean KL divergence, nats")
                        .logarithmic(),
                int8, result -> result.all().meanDivergence()));
        save("top1-" + kv, overSparsity(
                new LineChart("Same best token as dense F32, " + kv + " KV", SPARSITY, "top-1 agreement, %"), int8,
                result -> 100 * result.all().topAgreement()));
        save("spearman-" + kv, overSparsity(
                new LineChart("Weights of attended tokens, and dense ones, " + kv + " KV", SPARSITY,
                        "Spearman's rank correlation"),
                int8, result -> result.attention().rankCorrelation()));
        save("kept-mass-" + kv, overSparsity(
                new LineChart("Dense attention that fell on attended tokens, " + kv + " KV", SPARSITY, "kept mass, %"),
                int8,
                result -> 100 * result.attention().keptMass()));
        save("recall-" + kv, overDistance(kv, int8));
    }

    /** Every line begins with dense attention where a policy was not measured at a sparsity of zero. */
    private LineChart overSparsity(LineChart chart, boolean int8, ToDoubleFunction<DecodeResult> value) {
        for (Policy policy : Policy.sparse()) {
            SortedMap<Integer, Double> points = new TreeMap<>();
            for (DecodeResult result : results.decode()) {
                Setting setting = result.setting();
                // Dense comes first, so a policy's own point replaces it.
                if (setting.int8() == int8 && (setting.dense() || setting.policy() == policy)) {
                    points.put(setting.sparsity(), value.applyAsDouble(result));
                }
            }
            chart.add(policy.key(), points);
        }
        return chart;
    }

    private LineChart overDistance(String kv, boolean int8) {
        LineChart chart = new LineChart("Facts recalled word for word, " + kv + " KV, KV sparsity "
                + Setting.SPARSE_DEFAULT.sparsity() + " %", "tokens between fact and question", "right, %")
                .percentages();
        for (Policy policy : Policy.values()) {
            SortedMap<Integer, Double> points = new TreeMap<>();
            results.recall().stream().filter(r -> r.setting().policy() == policy && r.setting().int8() == int8)
                    .forEach(r -> points.put(r.distance(), 100.0 * r.count() / r.questions()));
            chart.add(policy.key(), points);
        }
        return chart;
    }

    private LineChart sparsityByLayer() {
        LineChart chart = new LineChart("Dense attention weights below 1 % of their row's maximum", "layer",
                "sparsity, %").percentages();
        results.densestSampled().ifPresent(result -> {
            SortedMap<Integer, Double> points = new TreeMap<>();
            result.attention().sparsity().forEach((layer, share) -> points.put(layer, 100 * share));
            chart.add(result.setting().policy().key(), points);
        });
        return chart;
    }

    private void save(String name, LineChart chart) throws IOException {
        String file = name.toLowerCase(Locale.ROOT) + ".png";
        if (chart.save(directory.resolve(file))) {
            files.add(file);
        }
    }
}
