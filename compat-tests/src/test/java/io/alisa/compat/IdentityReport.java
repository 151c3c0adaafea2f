package io.alisa.compat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/** Adds the comparisons up and writes them down as a table. Thread-safe. */
final class IdentityReport {
    private final StringBuilder lines = new StringBuilder(
            "| scenario | tokens | ties | errors | largest difference | NMSE |\n|---|---|---|---|---|---|\n");
    private int tokens;
    private int ties;

    synchronized void add(String scenario, Comparison comparison) {
        tokens += comparison.tokens();
        ties += comparison.ties();
        lines.append("| %s | %d | %d | %d | %.3g | %.3g |%n".formatted(scenario, comparison.tokens(),
                comparison.ties(),
                comparison.errors().size(), comparison.largest(), comparison.nmse()));
    }

    synchronized int tokens() {
        return tokens;
    }

    synchronized int ties() {
        return ties;
    }

    synchronized void write(Path file) throws IOException {
        Files.writeString(file, String.format(Locale.ROOT, "%s%n%d tokens, %d ties%n", lines, tokens, ties));
    }
}
