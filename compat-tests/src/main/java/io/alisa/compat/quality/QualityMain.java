package io.alisa.compat.quality;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

import io.alisa.compat.TemporaryDirectory;

/** Measures quality and writes the report. Runs with the plugin as agent; {@link Options} has the properties. */
public final class QualityMain {
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
        try (TemporaryDirectory pages = TemporaryDirectory.make();
                TrainedModel model = TrainedModel.load(options.model(), pages.path())) {
            results = new Evaluation(model, options, texts).run();
        }
        Path directory = ReportFiles.emptied(options.directory());
        List<String> charts = Charts.draw(results, directory);
        ReportFiles.write(directory, Report.of(options, texts, results, charts));
        if (options.publish()) {
            ReportFiles.publish(directory, charts, options.repository().resolve("docs/quality"));
        }
    }
}
