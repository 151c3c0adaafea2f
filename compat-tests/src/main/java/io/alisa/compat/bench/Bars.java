package io.alisa.compat.bench;

import java.util.List;
import java.util.Locale;

/** What is asked of the plugin, and whether it is met. What was not measured is not judged. */
final class Bars {
    private final Table table = new Table("Bars", List.of("", "asked for", "measured", ""));

    /** How many times as fast. */
    void timesAsFast(String what, double bar, double measured) {
        add(what, String.format(Locale.ROOT, "at least %.0f times", bar), "%.1f", measured, measured >= bar);
    }

    /** A figure that is to stay small, both in the same format. */
    void atMost(String what, String format, double bar, double measured) {
        add(what, "at most " + Table.cell(format, bar), format, measured, measured <= bar);
    }

    /** A figure that is to reach something, both in the same format. */
    void atLeast(String what, String format, double bar, double measured) {
        add(what, "at least " + Table.cell(format, bar), format, measured, measured >= bar);
    }

    private void add(String what, String bar, String format, double measured, boolean passed) {
        if (!Double.isNaN(measured)) {
            table.row(List.of(what, bar, Table.cell(format, measured), passed ? "pass" : "**miss**"));
        }
    }

    List<String> lines() {
        return table.lines();
    }
}
