package io.alisa.doctor;

import java.io.PrintStream;
import java.util.List;

/** The doctor's findings, printed a line each. */
record Report(List<Check> checks) {
    private static final int SUBJECT_WIDTH = 28;

    void print(PrintStream out) {
        for (Check check : checks) {
            out.println(line(check));
        }
    }

    /** 0 when nothing fails, else 1. */
    int exitCode() {
        return checks.stream().anyMatch(check -> check.mark() == Check.Mark.FAIL) ? 1 : 0;
    }

    private static String line(Check check) {
        String line = pad(check.mark().name(), 5) + pad(check.subject(), SUBJECT_WIDTH) + check.text();
        return check.remedy() == null ? line : line + " -> " + check.remedy();
    }

    /** Pads to {@code width}; one blank at least. */
    private static String pad(String text, int width) {
        return text + " ".repeat(Math.max(1, width - text.length()));
    }
}
