package io.alisa.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;

import io.alisa.json.JsonReader;
import org.junit.jupiter.api.Test;

/** The benchmarks run through, on a device that is no measure of anything. */
class GpuBenchmarksTest {
    @Test
    void everythingIsMeasured() {
        Instant begun = Instant.now();
        EmulatedDriver driver = new EmulatedDriver();
        GpuBenchmarks.Sizes sizes = new GpuBenchmarks.Sizes(List.of(64), List.of(128, 256), List.of(1, 2), 8,
                8 << 20, 1, 2, 2);
        GpuFigures figures;
        try (GpuBenchmarks benchmarks = new GpuBenchmarks(driver, sizes)) {
            figures = benchmarks.run();
        }
        assertThat(figures.figures()).hasSize(1 + 2 * 2 * 3 + 1 + 2 * 2 + 1 + 4);
        assertThat(figures.bars()).as("dense and gathered at the longest, stall, uploads").hasSize(2 * 2 + 2);
        assertThat(driver.selections()).isPositive();
        Map<?, ?> written = (Map<?, ?>) Objects.requireNonNull(JsonReader.read(figures.json("a \"card\"")));
        assertThat(written.get("gpu")).isEqualTo("a \"card\"");
        assertThat(Instant.parse(String.valueOf(written.get("date")))).isBetween(begun, Instant.now());
        assertThat((List<?>) Objects.requireNonNull(written.get("figures"))).hasSameSizeAs(figures.figures());
        assertThat((List<?>) Objects.requireNonNull(written.get("bars"))).hasSameSizeAs(figures.bars());
        assertThat(driver.leftOver()).isZero();
        assertThat(driver.isClosed()).isTrue();
    }

    @Test
    void withoutAGpuTheReasonIsWritten() {
        Map<?, ?> written = (Map<?, ?>) Objects.requireNonNull(JsonReader.read(GpuFigures.none("no \"driver\"")));
        assertThat(written.get("gpu")).isNull();
        assertThat(written.get("reason")).isEqualTo("no \"driver\"");
    }
}
