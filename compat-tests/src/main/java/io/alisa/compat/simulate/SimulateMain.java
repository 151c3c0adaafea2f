package io.alisa.compat.simulate;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.stream.Stream;

/**
 * Simulates all setups and writes the report: arguments are the directory for it, the one where it is published, and
 * whether it is.
 */
public final class SimulateMain {
    private static final String REPORT = "report.md";

    private SimulateMain() {
    }

    public static void main(String[] arguments) throws IOException {
        Path directory = emptied(Path.of(arguments[0]));
        Results results = Results.simulate();
        List<String> charts = Charts.draw(results, directory);
        String report = Report.of(results, charts);
        Files.writeString(directory.resolve(REPORT), report);
        System.out.println(report);
        System.out.println("Report: " + directory.resolve(REPORT));
        if (arguments.length > 2 && Boolean.parseBoolean(arguments[2])) {
            Path published = emptied(Path.of(arguments[1]));
            for (String file : Stream.concat(charts.stream(), Stream.of(REPORT)).toList()) {
                Files.copy(directory.resolve(file), published.resolve(file), StandardCopyOption.REPLACE_EXISTING);
            }
            System.out.println("Published: " + published);
        }
    }

    /** A directory without the charts and report of an earlier run, which may have had others. */
    private static Path emptied(Path directory) throws IOException {
        Files.createDirectories(directory);
        try (Stream<Path> files = Files.list(directory)) {
            for (Path file : files.filter(f -> f.toString().endsWith(".png") || f.endsWith(REPORT)).toList()) {
                Files.delete(file);
            }
        }
        return directory;
    }
}
