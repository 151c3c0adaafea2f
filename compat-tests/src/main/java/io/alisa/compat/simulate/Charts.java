package io.alisa.compat.simulate;

import java.awt.Color;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

import io.alisa.compat.quality.LineChart;

/** Throughput over the batch, a picture for each model on the smallest machine that leaves it room for KV. */
final class Charts {
    private static final Map<String, Color> COLOURS = Map.of(Policy.ALISA.title(), new Color(0xD55E00),
            Policy.ALISA_FP16.title(), new Color(0xE69F00), Policy.NO_RECOMPUTATION.title(), new Color(0xCC79A7),
            Policy.DENSE_PHASES.title(), new Color(0x009E73), Policy.STATIC_SPLIT.title(), new Color(0x0072B2),
            Policy.FULL_OFFLOAD.title(), new Color(0x56B4E9), Policy.ALL_RECOMPUTE.title(), Color.BLACK);
    private static final String BATCH = "sequences in a batch";

    private Charts() {
    }

    /** Returns the files' names. */
    static List<String> draw(Results results, Path directory) throws IOException {
        List<String> files = new ArrayList<>();
        for (SimulatedModel model : SimulatedModel.all()) {
            List<Results.Case> cases = results.cases(c -> c.model().equals(model) && c.paperLength() != c.grouped());
            SimulatedMachine machine = cases.getFirst().machine();
            LineChart chart = new LineChart(
                    model.name() + " on " + machine.name() + ", " + cases.getFirst().length().prompt()
                            + " tokens in, 512 out",
                    BATCH,
                    "tokens per second", COLOURS).logarithmic();
            for (Policy policy : Policy.all()) {
                SortedMap<Integer, Double> points = new TreeMap<>();
                cases.stream().filter(c -> c.machine().equals(machine))
                        .forEach(c -> points.put(c.batch(), results.throughput(c, policy)));
                chart.add(policy.title(), points);
            }
            String file = "throughput-" + model.name().toLowerCase(Locale.ROOT).replace('.', '-') + ".png";
            if (chart.save(directory.resolve(file))) {
                files.add(file);
            }
        }
        return files;
    }
}
