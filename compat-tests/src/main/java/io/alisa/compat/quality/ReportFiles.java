package io.alisa.compat.quality;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.stream.Stream;

/** A report and its charts in a directory, and a copy where it is published. */
public final class ReportFiles {
    private static final String REPORT = "report.md";

    private ReportFiles() {
    }

    /** Makes a directory, or clears it of the charts and report of an earlier run, which may have had others. */
    public static Path emptied(Path directory) throws IOException {
        Files.createDirectories(directory);
        try (Stream<Path> files = Files.list(directory)) {
            for (Path file : files.filter(f -> f.toString().endsWith(".png") || f.endsWith(REPORT)).toList()) {
                Files.delete(file);
            }
        }
        return directory;
    }

    /** Writes the report beside its charts and prints it. */
    public static void write(Path directory, String report) throws IOException {
        Files.writeString(directory.resolve(REPORT), report);
        System.out.println(report);
        System.out.println("Report: " + directory.resolve(REPORT));
    }

    /** Copies the report and the charts of these names to another directory, which is cleared first. */
    public static void publish(Path directory, List<String> charts, Path target) throws IOException {
        emptied(target);
        for (String file : Stream.concat(charts.stream(), Stream.of(REPORT)).toList()) {
            Files.copy(directory.resolve(file), target.resolve(file), StandardCopyOption.REPLACE_EXISTING);
        }
        System.out.println("Published: " + target);
    }
}
