package io.alisa.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.util.ArrayList;
import java.util.List;

import io.alisa.attention.AttentionShape;
import io.alisa.attention.Teams;
import io.alisa.attention.VectorKernels;
import io.alisa.cache.KvMemory;
import io.alisa.device.DeviceCases;
import io.alisa.device.DeviceCases.Case;
import io.alisa.device.DeviceLostException;
import io.alisa.device.DeviceTier;
import io.alisa.sparse.TieredRun;
import io.alisa.tier.MemoryBudget;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A driver that fails is not missed, wherever it does. */
class CudaFailureTest {
    private static final AttentionShape SHAPE = new AttentionShape(2, 2, 32, 0);
    private static final TieredRun.Between NOTHING = run -> {
        // nobody is near
    };

    private final DeviceCases cases = new DeviceCases(
            budget -> new CudaDevice(new JavaDriver(), budget, TestDriver.host()),
            new VectorKernels(), 1e-10);

    private static @Nullable String policy(String name) {
        return name.equals("none") ? null : name;
    }

    /** Each time one call more succeeds. */
    @ParameterizedTest
    @CsvSource({"none, 0.3, 200", "swa, 0.3, 200", "swa, 0.9, 330"})
    void everyCallMayFail(String name, double ratio, int length) {
        Case given = new Case(SHAPE, 2, policy(name), ratio, length, 5, 10);
        List<float[]> expected = cases.expected(given);
        long calls = Long.MAX_VALUE;
        for (long succeed = 0; succeed < calls; succeed++) {
            MemoryBudget budget = MemoryBudget.unlimited();
            MemoryBudget ram = MemoryBudget.unlimited();
            JavaDriver behind = new JavaDriver();
            FaultyDriver driver = new FaultyDriver(behind, succeed);
            List<String> warnings = new ArrayList<>();
            boolean opened = talk(given, expected, driver, budget, ram, warnings);
            assertThat(ram.reserved()).as("pinned memory").isZero();
            assertThat(behind.leftOver()).as("left over after %s calls", succeed).isZero();
            assertThat(budget.reserved()).isZero();
            assertThat(behind.isClosed()).isTrue();
            if (opened && warnings.isEmpty()) {
                break;
            }
            assertThat(warnings).hasSize(opened ? 1 : 0);
            calls = driver.calls() + 1;
        }
        assertThat(calls).as("calls that were failed").isBetween(100L, 100_000L);
    }

    /** Returns whether the device could be opened. */
    private boolean talk(Case given, List<float[]> expected, Driver driver, MemoryBudget budget, MemoryBudget ram,
            List<String> warnings) {
        CudaDevice device;
        try {
            device = new CudaDevice(driver, budget, new HostSide(ram, Teams.of(2), 0));
        } catch (DeviceLostException e) {
            return false;
        }
        DeviceTier tier = new DeviceTier(device, budget, warnings::add);
        try (TieredRun run = open(given)) {
            run.useDevice(tier);
            given.pin(run);
            cases.compare(given, run.talk(given.length(), given.steps(), NOTHING), expected);
        }
        if (!tier.isLost()) {
            device.close();
        }
        return true;
    }

    private static TieredRun open(Case given) {
        return given.open(new VectorKernels(), KvMemory.unlimited());
    }

    /** No room is no failure: some blocks just are not there. */
    @Test
    void aFullDeviceIsNotLost() {
        Case given = new Case(new AttentionShape(4, 2, 64, 0), 2, null, 1, 900, 5, 3);
        List<float[]> expected = cases.expected(given);
        for (long memory : new long[]{0, 1000, 40_000, 90_000, 200_000, 900_000}) {
            MemoryBudget budget = MemoryBudget.unlimited();
            List<String> warnings = new ArrayList<>();
            JavaDriver driver = new JavaDriver(memory);
            assertThat(talk(given, expected, driver, budget, MemoryBudget.unlimited(), warnings)).isTrue();
            assertThat(warnings).isEmpty();
            assertThat(driver.leftOver()).isZero();
        }
    }

    /** Nor is it where others leave little of the cap of RAM for pinned memory. */
    @Test
    void pinnedMemoryIsUnderTheCap() {
        Case given = new Case(SHAPE, 2, "swa", 0.9, 330, 5, 4);
        List<float[]> expected = cases.expected(given);
        long cap = 9_000_000;
        for (long left : new long[]{0, 500_000, 530_000, 600_000, 1_500_000, cap}) {
            MemoryBudget ram = new MemoryBudget(cap);
            assertThat(ram.setAside(cap - left)).as("others hold the rest").isTrue();
            List<String> warnings = new ArrayList<>();
            JavaDriver driver = new JavaDriver();
            boolean opened = talk(given, expected, driver, MemoryBudget.unlimited(), ram, warnings);
            assertThat(opened).as("%s left", left).isEqualTo(left > 8 << 16);
            assertThat(ram.peak()).isLessThanOrEqualTo(cap);
            assertThat(driver.launches() > driver.directCopies()).as("%s left, attended", left)
                    .isEqualTo(left > 540_000);
            assertThat(warnings).isEmpty();
            assertThat(driver.leftOver()).isZero();
            assertThat(ram.reserved()).isEqualTo(cap - left);
        }
    }

    /** Another session has it fail. */
    @Test
    void idleSessionsGiveBackWhatIsLost() {
        MemoryBudget budget = MemoryBudget.unlimited();
        JavaDriver behind = new JavaDriver();
        FaultyDriver driver = new FaultyDriver(behind, Long.MAX_VALUE);
        List<String> warnings = new ArrayList<>();
        DeviceTier tier = new DeviceTier(new CudaDevice(driver, budget, TestDriver.host()), budget, warnings::add);
        Case given = new Case(SHAPE, 2, null, 1, 300, 2, 1);
        try (TieredRun idle = open(given); TieredRun busy = open(given)) {
            for (TieredRun run : List.of(idle, busy)) {
                run.useDevice(tier);
                run.talk(300, 1, NOTHING);
            }
            driver.failNow();
            busy.repeat(NOTHING);
            assertThat(warnings).singleElement().asString().isEqualTo("Java is not used any more: the test wants it so."
                    + " Its sessions go on on the CPU, with the same results");
            assertThat(behind.leftOver()).isZero();
            assertThat(behind.isClosed()).isTrue();
            idle.repeat(NOTHING);
        }
    }

    @Test
    void aDeviceThatCannotBeOpenedIsClosed() {
        JavaDriver behind = new JavaDriver();
        assertThatExceptionOfType(DeviceLostException.class)
                .isThrownBy(() -> new CudaDevice(new FaultyDriver(behind, 5), MemoryBudget.unlimited(),
                        TestDriver.host()));
        assertThat(behind.leftOver()).isZero();
        assertThat(behind.isClosed()).isTrue();
    }
}
