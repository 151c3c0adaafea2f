package io.alisa.cuda;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** What was measured, and which bars that meets: said aloud as it comes, and written as JSON. */
final class GpuFigures {
    private final List<String> figures = new ArrayList<>();
    private final List<String> bars = new ArrayList<>();

    /** @param fields of a JSON object, with its numbers by {@link Locale#ROOT} */
    @SuppressWarnings("AnnotateFormatMethod") // the annotation is in a library that is not used here
    void add(String name, String fields, Object... values) {
        say(figures, "{\"name\": " + quoted(name) + ", " + String.format(Locale.ROOT, fields, values) + "}");
    }

    /** Compares with a bar that is to be reached. */
    void atLeast(String name, double is, double least) {
        say(bars,
                String.format(Locale.ROOT, "{\"bar\": %s, \"is\": %.3f, \"least\": %.2f, \"met\": %b}", quoted(name),
                        is,
                        least, is >= least));
    }

    /** Compares with a bar that is not to be passed. */
    void atMost(String name, double is, double most) {
        say(bars,
                String.format(Locale.ROOT, "{\"bar\": %s, \"is\": %.3f, \"most\": %.2f, \"met\": %b}", quoted(name), is,
                        most, is <= most));
    }

    private static void say(List<String> to, String json) {
        to.add(json);
        System.out.println(json);
    }

    /** The figures so far. */
    List<String> figures() {
        return figures;
    }

    /** The bars so far. */
    List<String> bars() {
        return bars;
    }

    /** All of it, with card and date. */
    String json(String gpu) {
        return "{\"gpu\": " + quoted(gpu) + ", \"date\": \"" + Instant.now() + "\", \"processors\": "
                + Runtime.getRuntime().availableProcessors() + ",\n \"bars\": [\n  " + String.join(",\n  ", bars)
                + "],\n \"figures\": [\n  " + String.join(",\n  ", figures) + "]}\n";
    }

    /** Why there is none of it. */
    static String none(String reason) {
        return "{\"gpu\": null, \"date\": \"" + Instant.now() + "\", \"reason\": " + quoted(reason)
                + ", \"bars\": [], \"figures\": []}\n";
    }

    private static String quoted(String text) {
        return '"' + text.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
    }
}
