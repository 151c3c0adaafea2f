package io.alisa.compat.quality;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.stream.Stream;

/** Measures quality and writes the report. Runs with the plugin as agent; {@link Options} has the properties. */
public final class QualityMain {
    private static final String REPORT = "report.md";

    private QualityMain() {
    }

    public static void main(String[] arguments) throws IOException {
        try {
            run(Options.of(System.getProperties()));
        } catch (QualityException e) {
            System.err.println("The quality evaluation stopped: " + e.getMessage());
            System.exit(1);
        }
    }

    private static void run(Options options) throws IOException {
        Texts texts = Texts.select(options);
        System.out.println("Text: " + String.join(", ", texts.read().stream().map(EvaluationText::name).toList()) + " ("
                + texts.remark() + ")");
        Results results;
        try (TrainedModel model = TrainedModel.load(options.model())) {
            results = new Evaluation(model, options, texts).run();
        }
        Path directory = emptied(options.directory());
        List<String> charts = Charts.draw(results, directory);
        String report = Report.of(options, texts, results, charts);
        Files.writeString(directory.resolve(REPORT), report);
        System.out.println(report);
        System.out.println("Report: " + directory.resolve(REPORT));
        if (options.publish()) {
            Path docs = emptied(options.repository().resolve("docs/quality"));
            for (String file : Stream.concat(charts.stream(), Stream.of(REPORT)).toList()) {
                Files.copy(directory.resolve(file), docs.resolve(file), StandardCopyOption.REPLACE_EXISTING);
            }
            System.out.println("Published: " + docs);
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
