package io.alisa.compat.quality;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.Properties;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReportTest {
    private static final Texts TEXTS = new Texts(List.of(), List.of(), "as given");

    @Test
    void verdictsAndGapsAreSaidAloud() {
        String report = report(new Properties());
        assertThat(report)
                .contains("| dense INT8: perplexity, all texts | at most +0.05 % | +1.01 % ± 0.00 | **FAIL** |")
                .contains("| 95 of 100 (+0, -2) |").contains("gave no alisa.AttentionSample events")
                .contains("![recall-f32](recall-f32.png)").doesNotContain("switched off");
    }

    @Test
    void figuresThatNobodyCheckedAreMarked() {
        Properties properties = new Properties();
        properties.setProperty("quality.verify", "false");
        assertThat(report(properties)).contains("was switched off");
    }

    @Test
    void chartsAreDrawn(@TempDir Path directory) {
        System.setProperty("java.awt.headless", "true");
        List<String> files = Charts.draw(Made.results(0.01, 1, 0, 97, 95), directory);
        assertThat(files).contains("perplexity-f32.png", "perplexity-int8.png", "recall-int8.png")
                .doesNotContain("attention-sparsity.png")
                .allSatisfy(file -> assertThat(directory.resolve(file)).isNotEmptyFile());
    }

    private static String report(Properties properties) {
        return Report.of(Options.of(properties), TEXTS, Made.results(0.01, 1, 0, 97, 95), List.of("recall-f32.png"));
    }
}
