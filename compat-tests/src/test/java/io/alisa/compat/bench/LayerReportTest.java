package io.alisa.compat.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;

import org.junit.jupiter.api.Test;

class LayerReportTest {
    /** As measured once: at 4,096 tokens the plugin's attention takes no longer than its baseline may be off by. */
    private static final Map<Mode, double[]> MEASURED = Map.of(
            Mode.HOST, new double[]{1278, 2933, 11665},
            Mode.EXACT, new double[]{1169, 1544, 2808},
            Mode.INT8, new double[]{1056, 1348, 2149},
            Mode.SPARSE_20, new double[]{1156, 1361, 1899},
            Mode.SPARSE_10, new double[]{1145, 1326, 1730});

    private final LayerReport report = new LayerReport(layer(), new KernelTimes());

    @Test
    void attentionIsGivenWhereItIsLargeEnoughAndItsErrorIsSaid() {
        assertThat(report.lines())
                .anyMatch(line -> line.contains("lies 100 µs apart; what is less than 500 is left out"))
                .contains("| 4,096 | 1655 |  |  |  |  |  |  |  |  |",
                        "| 16,384 | 10387 | 1639 | 1030 | 780 | 611 | 6.3 | 10.1 | 13.3 | 17.0 |");
    }

    @Test
    void withoutTheKernelsAloneOnlyTheLayerIsJudged() {
        Bars bars = new Bars();
        report.judge(bars);
        assertThat(bars.lines()).filteredOn(line -> line.contains("at 16,384 tokens")).hasSize(2)
                .allMatch(line -> line.contains("layer less layer at 16"));
    }

    private static Figures layer() {
        Figures layer = new Figures();
        MEASURED.forEach((mode, times) -> {
            layer.add(new Opponent(mode, true), 16, times[0], Double.NaN);
            layer.add(new Opponent(mode, true), 4_096, times[1], Double.NaN);
            layer.add(new Opponent(mode, true), 16_384, times[2], Double.NaN);
        });
        return layer;
    }
}
