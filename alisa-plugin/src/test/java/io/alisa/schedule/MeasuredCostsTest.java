package io.alisa.schedule;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

import io.alisa.Phase;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MeasuredCostsTest {
    private static final int REQUEST = 256 << 10;
    private static final HardwareProfile PROFILE = HardwareProfile.assumed();

    @Test
    void whatWasNotMeasuredStays() {
        HardwareProfile same = new MeasuredCosts().correct(PROFILE, REQUEST);
        assertThat(same.denseBytes()).isEqualTo(PROFILE.denseBytes(), within(1.0));
        assertThat(same.slowReadBytes(REQUEST)).isEqualTo(PROFILE.slowReadBytes(REQUEST), within(1.0));
        AccessPattern access = AccessPattern.ofSession(0.2, 0);
        assertThat(new MeasuredCosts().correct(access)).isEqualTo(access);
    }

    @Test
    void whatWasMeasuredLongEnoughHolds() {
        MeasuredCosts costs = new MeasuredCosts();
        for (int i = 0; i < 500; i++) {
            costs.step(1e8, 4e8, 1_000_000_000, true);
            costs.recomputed(5e8, 1_000_000_000);
        }
        HardwareProfile now = costs.correct(PROFILE, REQUEST);
        assertThat(now.slowReadBytes(REQUEST)).isEqualTo(1e8, within(1e6));
        assertThat(now.slowReadBytes(8 << 10)).isEqualTo(PROFILE.slowReadBytes(8 << 10) / 8, within(1e6));
        assertThat(now.multiplyAdds()).isEqualTo(5e8, within(3e7));
        assertThat(costs.correct(AccessPattern.ofSession(0.2, 0)).slowReadShare(1000)).isEqualTo(0.25, within(1e-9));
    }

    /** What a prompt reads, several times over, is no sparse step's; a step that reads nothing is one. */
    @Test
    void whatSparseStepsReadIsTheirMean() {
        MeasuredCosts costs = new MeasuredCosts();
        AccessPattern access = AccessPattern.ofSession(0.2, 0);
        for (int i = 0; i < 500; i++) {
            costs.step(3e8, 1e8, 1_000_000, false);
            costs.step(0, 0, 0, true);
            assertThat(costs.correct(access)).isEqualTo(access);
        }
        for (int i = 0; i < 5000; i++) {
            costs.step(i % 10 == 5 ? 5e7 : 0, 1e8, 1_000_000, true);
            costs.step(3e8, 1e8, 1_000_000, false);
        }
        assertThat(costs.correct(access).slowReadShare(1000)).isEqualTo(0.05, within(0.01));
    }

    @Test
    void theNewestCounts() {
        MeasuredCosts costs = new MeasuredCosts();
        for (int i = 0; i < 1000; i++) {
            costs.step(i < 500 ? 1e8 : 9e8, 1e9, 1_000_000_000, false);
        }
        assertThat(costs.correct(PROFILE, REQUEST).slowReadBytes(REQUEST)).isGreaterThan(8.9e8);
    }

    /** However far the profile is off, what comes of it is a profile: the step that asks for it goes on. */
    @Test
    void noRateIsCorrectedToInfinity() {
        HardwareProfile odd = new HardwareProfile("odd", 1e9, 1e9, 1e9, 1e9, 1e9, 1e9, 1e9,
                new TreeMap<>(Map.of(REQUEST, 1e-300, 2 * REQUEST, 1e9)));
        MeasuredCosts costs = new MeasuredCosts();
        costs.step(1e9, 1e9, 1_000_000_000, false);
        HardwareProfile now = costs.correct(odd, REQUEST);
        assertThat(now.slowReadBytes()).containsEntry(2 * REQUEST, 1e15);
    }

    /** Another session took what the plan counted on. */
    @Test
    void capsThatShrinkForceWhatTheCostsRefused() {
        ByteModel bytes = ByteModel.ofSession(Models.LLAMA_1B, true);
        long block = bytes.blockBytes();
        AdaptivePlan plan = new AdaptivePlan(Models.costs(bytes, AccessPattern.ofSession(0.2, 0)),
                new Caps(100 * block, 1000 * block), new Expectation(64, 32_768), Set.of(Recomputation.REPLAY));
        assertThat(plan.plan().recomputation()).isNull();
        Decision decision = plan.decide(
                new Occupancy(640, block, 10 * block, 10 * block, 5 * block, 5 * block, 5, 0, 9, 14),
                new Caps(100 * block, 1000 * block));
        assertThat(decision.fits()).isTrue();
        assertThat(decision.phase()).isEqualTo(Phase.III);
        assertThat(decision.blocksToDelete()).isPositive();
    }

    /** A disk that turns out to be hopeless: what was to be offloaded is recomputed, unless that is worse still. */
    @Test
    void measurementsChangeThePlan() {
        measurementsChangeThePlan(0);
    }

    /** Else it would not be looked at before the context is as long again. */
    @Test
    void measurementsChangeThePlanWhereTheHostWentBack() {
        measurementsChangeThePlan(30_000);
    }

    private static void measurementsChangeThePlan(int before) {
        ByteModel bytes = new ByteModel(Models.LLAMA_1B, KvPrecision.INT8, 64, true, 1);
        CostModel costs = new CostModel(bytes, HardwareProfile.described("fast sums", 1e11, 1e14, 1e9),
                AccessPattern.ofSession(1, 0), 1e9);
        Caps caps = new Caps(100 * bytes.blockBytes(), 1000 * bytes.blockBytes());
        AdaptivePlan plan = new AdaptivePlan(costs, caps, new Expectation(64, 32_768), Set.of(Recomputation.REPLAY));
        assertThat(plan.plan().recomputation()).isNull();
        if (before > 0) {
            plan.decide(new Occupancy(before, 0, 90 * bytes.blockBytes(), caps.fastBytes(), 379 * bytes.blockBytes(),
                    caps.slowBytes(), 379, 0, 80, 459), caps);
        }
        Occupancy now = new Occupancy(20_000, 0, 90 * bytes.blockBytes(), caps.fastBytes(),
                200 * bytes.blockBytes(), caps.slowBytes(), 200, 0, 80, 280);
        assertThat(plan.decide(now, caps).phase()).isEqualTo(Phase.II);
        for (int i = 0; i < 100; i++) {
            plan.measured().step(1e5, 1e9, 1_000_000_000, false);
        }
        Occupancy later = new Occupancy(21_100, 0, 90 * bytes.blockBytes(), caps.fastBytes(),
                217 * bytes.blockBytes(), caps.slowBytes(), 217, 0, 80, 280);
        assertThat(plan.decide(later, caps).phase()).isEqualTo(Phase.III);
        assertThat(plan.plan().recomputation()).isEqualTo(Recomputation.REPLAY);
        for (int i = 0; i < 500; i++) {
            plan.measured().recomputed(1e4, 1_000_000_000);
        }
        plan.decide(new Occupancy(22_200, 0, 90 * bytes.blockBytes(), caps.fastBytes(),
                217 * bytes.blockBytes(), caps.slowBytes(), 217, 17, 80, 280), caps);
        assertThat(plan.plan().recomputation()).isNull();
    }

    /** Another session has ended: what was to be split fits now, and nothing leaves for the sake of the old plan. */
    @Test
    void capsThatGrowMakeAnotherPlan() {
        ByteModel bytes = ByteModel.ofSession(Models.LLAMA_1B, true);
        long block = bytes.blockBytes();
        Caps half = new Caps(150 * block, 400 * block);
        AdaptivePlan plan = new AdaptivePlan(Models.costs(bytes, AccessPattern.ofSession(0.2, 0)), half,
                new Expectation(6_400, 32_768), Set.of(Recomputation.REPLAY));
        Decision before = plan.decide(split(block, 230), half);
        assertThat(before.blocksToDemote()).as("the old plan splits here").isPositive();
        Caps all = new Caps(1000 * block, 400 * block);
        for (long fastCap : new long[]{230, 1000}) {
            Decision after = plan.decide(split(block, fastCap), all);
            assertThat(after.blocksToDemote()).isZero();
            assertThat(after.blocksToDelete()).isZero();
        }
    }

    private static Occupancy split(long block, long fastBlocks) {
        return new Occupancy(64 * 200, block, 210 * block, fastBlocks * block, 0, 400 * block, 0, 0, 199, 100);
    }

    /** A model's longest context is reached by few conversations: as long as there is room nothing goes for its sake. */
    @ParameterizedTest
    @ValueSource(ints = {1000, 1500, 3000})
    void nothingIsDeletedWhileThereIsRoom(int blocks) {
        ByteModel bytes = ByteModel.ofSession(Models.LLAMA_1B, false);
        long block = bytes.blockBytes();
        Caps caps = new Caps(blocks * block, 0);
        AdaptivePlan plan = new AdaptivePlan(Models.costs(bytes, AccessPattern.ofSession(1, 0)), caps,
                new Expectation(64, 131_072), Set.of(Recomputation.REPLAY));
        for (int held = blocks / 2; held < Math.min(blocks, 2047); held += 64) {
            Decision decision = plan.decide(new Occupancy(64 * held, block, held * block, blocks * block, 0, 0, 0, 0,
                    held - 1, held - 2), caps);
            assertThat(decision).as("%s of %s blocks", held, blocks).isEqualTo(Decision.stay(Phase.I));
        }
    }

    /** What leaves the fast tier goes to the file as long as that has room, whatever the longest context would need. */
    @Test
    void nothingIsDeletedWhileTheFileHasRoom() {
        ByteModel bytes = ByteModel.ofSession(Models.LLAMA_1B, false);
        long block = bytes.blockBytes();
        Caps caps = new Caps(250 * block, 250 * block);
        AdaptivePlan plan = new AdaptivePlan(Models.costs(bytes, AccessPattern.ofSession(1, 0)), caps,
                new Expectation(64, 131_072), Set.of(Recomputation.REPLAY));
        int inFile = 0;
        for (int held = 125; held + inFile < 450; held++) {
            Decision decision = plan.decide(new Occupancy(64 * (held + inFile), block, held * block, caps.fastBytes(),
                    inFile * block, caps.slowBytes(), inFile, 0, held - 1, held + inFile - 2), caps);
            assertThat(decision.blocksToDelete()).as("%s in RAM, %s in the file", held, inFile).isZero();
            assertThat(decision.blocksToDemote()).isLessThanOrEqualTo(held < 218 ? 0 : 8);
            held -= decision.blocksToDemote();
            inFile += decision.blocksToDemote();
        }
        assertThat(inFile).isPositive();
    }
}
