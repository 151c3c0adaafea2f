package io.alisa.compat.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** The report in the making: one section after the other, the bars first. */
final class BenchReport {
    private final Bars bars = new Bars();
    private final List<String> sections = new ArrayList<>();

    Bars bars() {
        return bars;
    }

    void add(List<String> lines) {
        sections.addAll(lines);
    }

    void startup(Map<String, Double> medians) {
        Table table = new Table("Start-up: a process that loads a small model and says one token",
                List.of("agent", "median, ms"));
        medians.forEach((name, millis) -> table.row(List.of(name, Table.cell("%.0f", millis))));
        add(table.lines());
    }

    String text() {
        List<String> all = new ArrayList<>();
        all.add("Java " + Runtime.version() + ", " + Runtime.getRuntime().availableProcessors() + " processors, "
                + System.getProperty("os.arch") + (Sizes.QUICK ? ", a quick run: figures of no worth" : "")
                + ". Random values in all keys and values. In brackets the host's operations; INT8 and sparse modes run"
                + " with those that exact mode is faster with.");
        all.addAll(bars.lines());
        all.addAll(sections);
        return String.join("\n", all) + "\n";
    }
}
