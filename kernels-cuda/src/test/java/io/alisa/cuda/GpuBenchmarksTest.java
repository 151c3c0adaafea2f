package io.alisa.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;

import org.junit.jupiter.api.Test;

/** The benchmarks run through, on a device that is no measure of anything. */
class GpuBenchmarksTest {
    @Test
    void everythingIsMeasured() {
        EmulatedDriver driver = new EmulatedDriver();
        GpuBenchmarks.Sizes sizes = new GpuBenchmarks.Sizes(List.of(64), List.of(128), List.of(1, 2), 8,
                8 << 20, 1);
        List<String> figures;
        try (GpuBenchmarks benchmarks = new GpuBenchmarks(driver, sizes)) {
            figures = benchmarks.run();
        }
        assertThat(figures).hasSize(1 + 2 * 3 + 1 + 1 + 2);
        assertThat(figures).allSatisfy(figure -> assertThat(figure).doesNotContain("NaN").doesNotContain("Infinity"));
        assertThat(driver.leftOver()).isZero();
        assertThat(driver.isClosed()).isTrue();
    }
}
