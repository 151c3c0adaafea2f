package io.alisa.compat.bench;

import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

import org.openjdk.jmh.results.RunResult;

/** The figures as tables, with the bars they are held against. */
final class BenchReport {
    private final List<String> lines = new ArrayList<>();
    private final Map<Opponent, Map<Integer, Double>> layer = new EnumMap<>(Opponent.class);
    private final Map<Opponent, Map<Integer, Double>> prefill = new EnumMap<>(Opponent.class);
    private final Map<Opponent, String> decode = new EnumMap<>(Opponent.class);

    BenchReport() {
        lines.add("Java " + Runtime.version() + ", " + Runtime.getRuntime().availableProcessors()
                + " processors, "
                + System.getProperty("os.arch"));
    }

    private static Map<Integer, Double> scores(Collection<RunResult> results, String method) {
        Map<Integer, Double> scores = new TreeMap<>();
        for (RunResult result : results) {
            if (result.getParams().getBenchmark().endsWith("." + method)) {
                scores.put(Integer.parseInt(result.getParams().getParam("tokens")),
                        result.getPrimaryResult().getScore());
            }
        }
        return scores;
    }

    void kernel(Collection<RunResult> results) {
        Map<Integer, Double> attend = scores(results, "attend");
        Map<Integer, Double> read = scores(results, "readOnly");
        lines.add("\nDecode attention alone, F32 KV, 32 heads / 8 KV heads of 64\n");
        lines.add("| tokens | attention, µs | GB/s | only reading, µs | GB/s | of that | of the memory's bandwidth |");
        lines.add("|---|---|---|---|---|---|---|");
        int largest = attend.keySet().stream().mapToInt(Integer::intValue).max().orElseThrow();
        double memory = KernelBench.bytes(largest) / 1e3 / read.get(largest);
        attend.forEach((tokens, micros) -> {
            double floor = read.get(tokens);
            double bytes = KernelBench.bytes(tokens) / 1e3;
            lines.add(format("| %,d | %.0f | %.1f | %.0f | %.1f | %.0f %% | %.0f %% |", tokens, micros, bytes / micros,
                    floor, bytes / floor, 100 * floor / micros, 100 * bytes / micros / memory));
        });
    }

    void layer(Opponent opponent, Collection<RunResult> results) {
        layer.put(opponent, scores(results, "decode"));
    }

    void prefill(Opponent opponent, Collection<RunResult> results) {
        prefill.put(opponent, scores(results, "prefill"));
    }

    @SuppressWarnings("rawtypes") // as JMH declares it
    void decode(Opponent opponent, Collection<RunResult> results) {
        RunResult result = results.iterator().next();
        double bytes = result.getSecondaryResults().entrySet().stream()
                .filter(e -> e.getKey().endsWith("gc.alloc.rate.norm"))
                .mapToDouble(e -> e.getValue().getScore())
                .findFirst().orElse(Double.NaN);
        decode.put(opponent,
                format("| %s | %.0f | %.0f |", opponent.label(), result.getPrimaryResult().getScore(),
                        bytes));
    }

    void startup(Map<String, Double> medians) {
        lines.add("\nStart-up: a process that loads the small trained model and says one token\n");
        lines.add("| agent | median, ms |");
        lines.add("|---|---|");
        medians.forEach((name, millis) -> lines.add(format("| %s | %.0f |", name, millis)));
    }

    String text() {
        List<String> all = new ArrayList<>(lines);
        table(all,
                "One attention layer decoding, F32 KV and weights, 2048 wide, 32 heads / 8 KV heads of 64, µs",
                layer, true);
        if (!decode.isEmpty()) {
            all.add("\nDecoding at 2,048 tokens, 4 layers, 256 wide: the host's own code allocates, ours does not\n");
            all.add("| | µs per token | bytes allocated per token, the host's included |");
            all.add("|---|---|---|");
            all.addAll(decode.values());
        }
        table(all, "Prefill of a whole model, 4 layers, 256 wide, ms", prefill, false);
        return String.join("\n", all) + "\n";
    }

    private static void table(List<String> all, String title, Map<Opponent, Map<Integer, Double>> results,
            boolean lessProjections) {
        if (results.isEmpty()) {
            return;
        }
        all.add("\n" + title + "\n");
        StringBuilder head = new StringBuilder("| tokens |");
        results.keySet().forEach(o -> head.append(' ').append(o.label()).append(" |"));
        all.add(head + " faster host / faster plugin |" + (lessProjections ? " attention alone |" : ""));
        all.add("|---".repeat(results.size() + (lessProjections ? 3 : 2)) + "|");
        for (int tokens : results.values().iterator().next().keySet()) {
            StringBuilder row = new StringBuilder(format("| %,d |", tokens));
            results.values().forEach(r -> row.append(format(" %.0f |", r.get(tokens))));
            row.append(format(" %.2f |", best(results, false, tokens, 0) / best(results, true, tokens, 0)));
            if (lessProjections) {
                row.append(tokens <= 16
                        ? " |"
                        : format(" %.2f |",
                                best(results, false, tokens, 16) / best(results, true, tokens, 16)));
            }
            all.add(row.toString());
        }
    }

    /** The faster of the two opponents of a kind, less its own time at {@code base} tokens. */
    private static double best(Map<Opponent, Map<Integer, Double>> results, boolean plugin, int tokens,
            int base) {
        double best = Double.POSITIVE_INFINITY;
        for (Map.Entry<Opponent, Map<Integer, Double>> entry : results.entrySet()) {
            if (entry.getKey().isPlugin() == plugin) {
                double less = base == 0 ? 0 : entry.getValue().get(base);
                best = Math.min(best, entry.getValue().get(tokens) - less);
            }
        }
        return best;
    }

    @SuppressWarnings("AnnotateFormatMethod") // no dependency for an annotation
    private static String format(String pattern, Object... values) {
        return String.format(Locale.ROOT, pattern, values);
    }
}
