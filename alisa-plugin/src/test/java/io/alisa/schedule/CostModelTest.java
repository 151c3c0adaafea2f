package io.alisa.schedule;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class CostModelTest {
    private static final ByteModel PAPER = new ByteModel(Models.OPT_6B, KvPrecision.F16, 1, false, 8);
    private static final HardwareProfile LINK = HardwareProfile.described("link", 1e12, 5e13, 20e9);

    @Test
    void transferIsBytesOverBandwidth() {
        CostModel dense = new CostModel(PAPER, LINK, AccessPattern.ofPaper(1), 13.4e9);
        // section V-B: 4 b l h (offloaded + loaded) / bandwidth
        double token = 4.0 * 8 * 32 * 4096 / 20e9 * 1e9;
        assertThat(dense.loadNanos(640, 100)).isEqualTo(100 * token, within(1.0));
        assertThat(dense.storeNanos(3)).isEqualTo(3 * token, within(1.0));
    }

    @Test
    void sparseStepsLoadWhatIsChosen() {
        CostModel sparse = new CostModel(PAPER, LINK, AccessPattern.ofPaper(0.2), 13.4e9);
        CostModel dense = new CostModel(PAPER, LINK, AccessPattern.ofPaper(1), 13.4e9);
        // half of 20 % is local; the other half is spread over the other 90 %
        assertThat(sparse.loadNanos(640, 100) / dense.loadNanos(640, 100)).isEqualTo(0.1 / 0.9, within(1e-9));
        assertThat(sparse.computeNanos(640)).isLessThan(dense.computeNanos(640));
    }

    @Test
    void largePiecesAreReadMoreOften() {
        AccessPattern pieces = AccessPattern.ofSession(0.2, 256);
        assertThat(pieces.slowReadShare(8192)).isGreaterThan(0.99);
        assertThat(pieces.slowReadShare(255)).isEqualTo(1);
        assertThat(pieces.measured(0.3).slowReadShare(8192)).isEqualTo(0.3);
        assertThat(AccessPattern.ofPaper(0.2).slowReadShare(8192)).isLessThan(0.12);
    }

    @Test
    void weightsAreReadOrMultipliedByWhicheverTakesLonger() {
        CostModel one = new CostModel(new ByteModel(Models.OPT_6B, KvPrecision.F16, 1, false, 1), LINK,
                AccessPattern.ofPaper(1), 13.4e9);
        assertThat(one.computeNanos(0)).isEqualTo(13.4e6, within(1.0));
        CostModel many = new CostModel(new ByteModel(Models.OPT_6B, KvPrecision.F16, 1, false, 1000), LINK,
                AccessPattern.ofPaper(1), 13.4e9);
        assertThat(many.computeNanos(0)).isEqualTo(1000 * 6.7e9 / 5e13 * 1e9, within(1.0));
    }

    @Test
    void replayRunsForAllOrNone() {
        CostModel sparse = new CostModel(PAPER, LINK, AccessPattern.ofPaper(0.2), 13.4e9);
        double replay = sparse.recomputeNanos(Recomputation.REPLAY, 640, 100);
        double project = sparse.recomputeNanos(Recomputation.PROJECT, 640, 100);
        double chosen = 0.1 / 0.9;
        assertThat(replay).isGreaterThan(0.99 * 100 * 8 * 6.7e9 / 5e13 * 1e9);
        assertThat(project).isEqualTo(
                1e9 * 100 * chosen * (8.0 * 32 * 2 * 4096 * 4096 / 5e13 + 8.0 * 32 * 4096 * 2 / 20e9), within(100.0));
    }

    @Test
    void bandwidthBetweenTwoRequestSizesIsBetweenTheirs() {
        HardwareProfile profile = HardwareProfile.assumed();
        assertThat(profile.slowReadBytes(1)).isEqualTo(0.1e9);
        assertThat(profile.slowReadBytes(8 << 10)).isEqualTo(0.1e9);
        assertThat(profile.slowReadBytes(160 << 10)).isEqualTo(0.65e9, within(1.0));
        assertThat(profile.slowReadBytes(10 << 20)).isEqualTo(1e9);
    }
}
