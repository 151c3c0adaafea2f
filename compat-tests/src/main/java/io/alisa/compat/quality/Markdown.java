package io.alisa.compat.quality;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Text in the making: paragraphs and tables. */
public final class Markdown {
    private final List<String> lines = new ArrayList<>();

    public Markdown heading(String text) {
        return paragraph("## " + text);
    }

    public Markdown paragraph(String text) {
        if (!lines.isEmpty()) {
            lines.add("");
        }
        lines.add(text);
        return this;
    }

    public Markdown table(List<String> head, List<List<String>> rows) {
        paragraph(row(head));
        lines.add("|" + "---|".repeat(head.size()));
        rows.forEach(row -> lines.add(row(row)));
        return this;
    }

    private static String row(List<String> cells) {
        return "| " + String.join(" | ", cells) + " |";
    }

    static String change(Change change) {
        return String.format(Locale.ROOT, "%+.2f %% ± %.2f", 100 * change.relative(), 100 * change.standardError());
    }

    /** A number with four significant digits or so, a dash where there is none. */
    static String number(double value) {
        return Double.isNaN(value)
                ? "-"
                : String.format(Locale.ROOT, value < 0.001 && value > 0 ? "%.1e" : "%.4f", value);
    }

    @Override
    public String toString() {
        return String.join("\n", lines) + "\n";
    }
}
