package io.alisa.doctor;

import java.util.ArrayList;
import java.util.List;
import java.util.function.DoubleFunction;
import java.util.function.DoubleUnaryOperator;

/** Bars of several parts over a number of tokens, in plain characters; fits 80 columns. */
final class TextChart {
    private static final int COLUMNS = 64;
    private static final int ROWS = 10;
    private static final int LABEL = 12;

    private final String title;
    private final int from;
    private final int to;
    private final DoubleFunction<String> label;
    private final List<Part> parts = new ArrayList<>();

    /** A part of each bar; the first lies at the bottom. */
    private record Part(char mark, String name, DoubleUnaryOperator value) {
    }

    /**
     * @param from  tokens at the left
     * @param to    tokens at the right
     * @param label how a value is written at the axis
     */
    TextChart(String title, int from, int to, DoubleFunction<String> label) {
        this.title = title;
        this.from = from;
        this.to = to;
        this.label = label;
    }

    TextChart part(char mark, String name, DoubleUnaryOperator value) {
        parts.add(new Part(mark, name, value));
        return this;
    }

    List<String> lines() {
        double top = 0;
        for (int column = 0; column < COLUMNS; column++) {
            top = Math.max(top, height(column, parts.size()));
        }
        List<String> lines = new ArrayList<>(List.of(title));
        for (int row = ROWS - 1; row >= 0; row--) {
            String name = row == ROWS - 1 ? label.apply(top) : row == ROWS / 2 - 1 ? label.apply(top / 2) : "";
            lines.add((padded(name) + " |" + bars(top * (row + 0.5) / ROWS)).stripTrailing());
        }
        lines.add(padded("0") + " +" + "-".repeat(COLUMNS));
        String right = to + " tokens";
        String left = String.valueOf(from);
        lines.add(" ".repeat(LABEL + 2) + left + " ".repeat(Math.max(1, COLUMNS - left.length() - right.length()))
                + right);
        lines.add(" ".repeat(LABEL + 2) + legend());
        return lines;
    }

    private String bars(double level) {
        StringBuilder bars = new StringBuilder();
        for (int column = 0; column < COLUMNS; column++) {
            char mark = ' ';
            for (int part = parts.size(); part > 0; part--) {
                if (height(column, part) > level) {
                    mark = parts.get(part - 1).mark();
                }
            }
            bars.append(mark);
        }
        return bars.toString();
    }

    /** Height of the first {@code count} parts together. */
    private double height(int column, int count) {
        double tokens = from + (to - from) * (double) column / (COLUMNS - 1);
        double height = 0;
        for (Part part : parts.subList(0, count)) {
            height += part.value().applyAsDouble(tokens);
        }
        return height;
    }

    private String legend() {
        List<String> names = new ArrayList<>();
        for (int part = 0; part < parts.size(); part++) {
            if (isThere(part)) {
                names.add(parts.get(part).mark() + " " + parts.get(part).name());
            }
        }
        return String.join("   ", names);
    }

    private boolean isThere(int part) {
        for (int column = 0; column < COLUMNS; column++) {
            if (height(column, part + 1) > height(column, part)) {
                return true;
            }
        }
        return false;
    }

    private static String padded(String name) {
        return " ".repeat(Math.max(0, LABEL - name.length())) + name;
    }
}
