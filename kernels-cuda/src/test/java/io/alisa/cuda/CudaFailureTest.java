package io.alisa.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.util.ArrayList;
import java.util.List;

import io.alisa.attention.AttentionShape;
import io.alisa.attention.Teams;
import io.alisa.attention.VectorKernels;
import io.alisa.cache.KvFormat;
import io.alisa.cache.KvLayout;
import io.alisa.cache.KvMemory;
import io.alisa.device.DeviceCases;
import io.alisa.device.DeviceCases.Case;
import io.alisa.device.DeviceKv;
import io.alisa.device.DeviceLostException;
import io.alisa.device.DeviceShape;
import io.alisa.device.DeviceTier;
import io.alisa.sparse.TieredRun;
import io.alisa.tier.MemoryBudget;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

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
            AttachedDriver driver = new AttachedDriver(behind, succeed);
            List<String> warnings = new ArrayList<>();
            boolean opened = talk(given, expected, driver, budget, ram, warnings);
            assertThat(ram.reserved()).as("pinned memory").isZero();
            assertThat(behind.leftOver()).as("left over after %s calls", succeed).isZero();
            assertThat(budget.reserved()).isZero();
            assertThat(driver.attached()).as("attached after %s calls", succeed).isZero();
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
        talk(given, expected, device, budget, warnings);
        return true;
    }

    /** Closes the device. */
    private void talk(Case given, List<float[]> expected, CudaDevice device, MemoryBudget budget,
            List<String> warnings) {
        DeviceTier tier = new DeviceTier(device, budget, warnings::add);
        try (TieredRun run = open(given)) {
            run.useDevice(tier);
            given.pin(run);
            cases.compare(given, run.talk(given.length(), given.steps(), NOTHING), expected);
        }
        if (!tier.isLost()) {
            device.close();
        }
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

    /** Somebody else took the last memory: from then on there is none for kernels and events either. */
    @ParameterizedTest
    @ValueSource(strings = {"none", "swa"})
    void aFullDeviceIsNotLostForWantOfItsDriver(String name) {
        Case given = new Case(SHAPE, 2, policy(name), 0.9, 330, 5, 4);
        List<float[]> expected = cases.expected(given);
        for (long memory : new long[]{0, 1000, 20_000, 90_000, 200_000, 2_200_000}) {
            JavaDriver behind = new JavaDriver(memory);
            FullDriver[] driver = new FullDriver[1];
            driver[0] = new FullDriver(behind, call -> driver[0].nulls() > 0);
            stayWhole(given, expected, driver[0], behind);
            assertThat(driver[0].nulls()).as("with %s bytes", memory).isPositive();
        }
    }

    /** Each time another call finds none, and the next one some again. */
    @ParameterizedTest
    @CsvSource({"none, 0.3", "swa, 0.3", "swa, 0.9"})
    void everyCallMayFindNoRoom(String name, double ratio) {
        Case given = new Case(SHAPE, 2, policy(name), ratio, 330, 5, 4);
        List<float[]> expected = cases.expected(given);
        for (long at = 0;; at++) {
            long only = at;
            JavaDriver behind = new JavaDriver();
            FullDriver driver = new FullDriver(behind, call -> call == only);
            stayWhole(given, expected, driver, behind);
            if (driver.refused() == 0) {
                assertThat(at).as("calls that found no room").isGreaterThan(30);
                return;
            }
        }
    }

    /** The same is said, the device is not lost, and nothing is left over. */
    private void stayWhole(Case given, List<float[]> expected, FullDriver driver, JavaDriver behind) {
        MemoryBudget budget = MemoryBudget.unlimited();
        MemoryBudget ram = MemoryBudget.unlimited();
        List<String> warnings = new ArrayList<>();
        CudaDevice device = new CudaDevice(driver, budget, new HostSide(ram, Teams.of(2), 0));
        driver.count();
        talk(given, expected, device, budget, warnings);
        assertThat(warnings).isEmpty();
        assertThat(budget.reserved()).isZero();
        assertThat(ram.reserved()).as("pinned memory").isZero();
        assertThat(behind.leftOver()).isZero();
    }

    /** Nor is it where others leave little of the cap of RAM for pinned memory. */
    @Test
    void pinnedMemoryIsUnderTheCap() {
        Case given = new Case(SHAPE, 2, "swa", 0.9, 330, 5, 4);
        List<float[]> expected = cases.expected(given);
        long cap = 9_000_000;
        for (long left : new long[]{0, 500_000, 525_000, 600_000, 1_500_000, cap}) {
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

    /** Nor is it where this machine can pin no more: each time one piece more is pinned, staging memory first. */
    @ParameterizedTest
    @ValueSource(strings = {"none", "swa"})
    void aMachineThatPinsNoMoreDoesWithout(String name) {
        Case given = new Case(SHAPE, 2, policy(name), 0.9, 330, 5, 4);
        List<float[]> expected = cases.expected(given);
        for (int most = 0;; most++) {
            int[] left = {most};
            JavaDriver behind = new JavaDriver();
            MemoryBudget ram = MemoryBudget.unlimited();
            MemoryBudget budget = MemoryBudget.unlimited();
            List<String> warnings = new ArrayList<>();
            boolean opened = talk(given, expected, new FaultyDriver(behind, Long.MAX_VALUE) {
                @Override
                public @Nullable Pinned allocatePinned(long bytes) {
                    return left[0]-- > 0 ? super.allocatePinned(bytes) : null;
                }
            }, budget, ram, warnings);
            assertThat(opened).as("with %s pieces", most).isEqualTo(most >= 4);
            assertThat(warnings).isEmpty();
            assertThat(ram.reserved()).isZero();
            assertThat(budget.reserved()).isZero();
            assertThat(behind.leftOver()).isZero();
            if (left[0] >= 0) {
                assertThat(behind.launches()).isGreaterThan(behind.directCopies());
                return;
            }
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

    /** What a session takes of Java's memory outside the heap it takes when it opens, and does without the device else. */
    @Test
    void wantOfJavasMemoryLeavesNothingOnTheDevice() {
        DeviceShape shape = SHAPE.onDevice(new KvLayout(KvFormat.INT8, 2, 32));
        int[] left = {Integer.MAX_VALUE};
        JavaDriver driver = new JavaDriver() {
            @Override
            public Arguments arguments(long bytes) {
                if (left[0]-- <= 0) {
                    throw new OutOfMemoryError("the test wants it so");
                }
                return super.arguments(bytes);
            }
        };
        MemoryBudget budget = MemoryBudget.unlimited();
        MemoryBudget ram = MemoryBudget.unlimited();
        CudaDevice device = new CudaDevice(driver, budget, new HostSide(ram, Teams.of(1), 0));
        long staging = ram.reserved();
        int leftOver = driver.leftOver();
        int structures = 0;
        for (boolean open = false; !open; structures++) {
            left[0] = structures;
            try (DeviceKv kv = device.prepareKv(shape, 1, 9)) {
                open = kv != null;
            }
            assertThat(budget.reserved()).as("after %s structures", structures).isZero();
            assertThat(ram.reserved()).as("pinned memory").isEqualTo(staging);
            assertThat(driver.leftOver()).isEqualTo(leftOver);
        }
        device.close();
        assertThat(ram.reserved()).isZero();
        assertThat(structures).as("structures, and none").isEqualTo(7);
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
