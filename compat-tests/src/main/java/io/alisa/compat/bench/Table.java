package io.alisa.compat.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** A table of the report in the making. */
final class Table {
    private final List<String> lines = new ArrayList<>();

    Table(String title, List<String> head) {
        lines.add("\n" + title + "\n");
        row(head);
        lines.add("|" + "---|".repeat(head.size()));
    }

    Table row(List<String> cells) {
        lines.add("| " + String.join(" | ", cells) + " |");
        return this;
    }

    List<String> lines() {
        return lines;
    }

    /** A number, or nothing where there is none. */
    static String cell(String pattern, double value) {
        return Double.isNaN(value) ? "" : String.format(Locale.ROOT, pattern, value);
    }

    static String tokens(int tokens) {
        return String.format(Locale.ROOT, "%,d", tokens);
    }
}
