package io.alisa.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

import io.alisa.attention.AttentionShape;
import io.alisa.attention.VectorKernels;
import io.alisa.cache.KvMemory;
import io.alisa.device.DeviceCases;
import io.alisa.device.DeviceCases.Case;
import io.alisa.device.DeviceTier;
import io.alisa.sparse.TieredRun;
import io.alisa.tier.MemoryBudget;
import io.alisa.tier.MemoryFile;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Conversations with the device tier of this module, on every driver there is. */
class CudaTierTest {
    private static final int[] HEAD_SIZES = {32, 64, 80, 96, 7, 33};
    private static final long MIB = 1 << 20;

    private static @Nullable String policy(String name) {
        return name.equals("none") ? null : name;
    }

    private static DeviceCases cases(TestDriver driver) {
        return new DeviceCases(budget -> new CudaDevice(driver.open(), budget, TestDriver.host()), new VectorKernels(),
                1e-7);
    }

    @ParameterizedTest
    @EnumSource
    void theSameIsSaid(TestDriver driver) {
        driver.assumePresent();
        int held = 0;
        for (String name : List.of("none", "swa", "swa-paper", "h2o", "streaming-llm")) {
            for (long seed = 0; seed < 4; seed++) {
                held += cases(driver)
                        .check(driver.cut(Case.random(seed + name.length(), policy(name), HEAD_SIZES)));
            }
        }
        assertThat(held).as("blocks on the device").isGreaterThan(20);
    }

    /** Where memory can't be pinned copies go another way. */
    @ParameterizedTest
    @EnumSource
    void theSameIsSaidWithoutPinnedMemory(TestDriver driver) {
        driver.assumePresent();
        for (boolean pins : new boolean[]{false, true}) {
            List<CountingDriver> drivers = new ArrayList<>();
            DeviceCases cases = new DeviceCases(budget -> {
                CountingDriver made = new CountingDriver(driver.open()) {
                    @Override
                    public boolean register(long address, long bytes) {
                        return pins && super.register(address, bytes);
                    }
                };
                drivers.add(made);
                return new CudaDevice(made, budget, TestDriver.host());
            }, new VectorKernels(), 1e-7);
            for (long seed = 0; seed < 3; seed++) {
                cases.check(driver.cut(Case.random(seed + 40, seed == 0 ? null : "swa", HEAD_SIZES)));
            }
            assertThat(drivers).isNotEmpty().allMatch(made -> made.launches("alisa_copy") > 0 == pins);
        }
    }

    /** An application may use CUDA for itself, on the threads that it asks the host on: they are left as they were. */
    @ParameterizedTest
    @ValueSource(strings = {"none", "swa"})
    void threadsUseTheDeviceWhileItIsAsked(String name) {
        AttachedDriver driver = new AttachedDriver(new JavaDriver(), Long.MAX_VALUE);
        DeviceCases cases = new DeviceCases(budget -> {
            CudaDevice device = new CudaDevice(driver, budget, TestDriver.host());
            assertThat(driver.attached()).isZero();
            assertThat(device.freeBytes()).isPositive();
            assertThat(driver.attached()).isZero();
            return device;
        }, new VectorKernels(), 1e-7);
        Case given = new Case(new AttentionShape(2, 2, 32, 0), 2, policy(name), 0.9, 330, 4, 6);
        int held = cases.check(given, MemoryBudget.unlimited(), KvMemory.unlimited(),
                run -> assertThat(driver.attached()).isZero());
        assertThat(held).as("blocks on the device").isPositive();
        assertThat(driver.attached()).isZero();
    }

    /** As soon as the window covers the newest block, the device selects. */
    @ParameterizedTest
    @EnumSource
    void theSameIsSelected(TestDriver driver) {
        driver.assumePresent();
        List<CountingDriver> drivers = new ArrayList<>();
        DeviceCases cases = new DeviceCases(budget -> {
            CountingDriver made = new CountingDriver(driver.open());
            drivers.add(made);
            return new CudaDevice(made, budget, TestDriver.host());
        }, new VectorKernels(), 1e-7);
        for (long seed = 0; seed < 12; seed++) {
            Case given = Case.random(seed, "swa", HEAD_SIZES);
            cases.check(new Case(given.shape(), 1, "swa", 0.9, 330 + given.length() / 4, 4, seed));
        }
        assertThat(drivers.stream().mapToLong(made -> made.launches("alisa_select_masks")).sum()).isGreaterThan(30);
    }

    /** The largest heads and groups; and so long that parts of the context are joined in two rounds, where the driver is fast. */
    @ParameterizedTest
    @EnumSource
    void theSameIsSaidWhateverIsLarge(TestDriver driver) {
        driver.assumePresent();
        List<Case> all = new ArrayList<>();
        for (int headSize : new int[]{128, 256}) {
            for (int group : new int[]{5, 8, 9, 16}) {
                all.add(new Case(new AttentionShape(1, group, headSize, 0), 1, group % 2 == 0 ? "swa" : null, 0.9, 400,
                        3, group));
            }
        }
        for (String name : List.of("none", "streaming-llm")) { // they are attended by vectors here, so that this ends
            all.add(new Case(new AttentionShape(1, 2, 64, 0), 1, policy(name), 0.5, 20_000, 4, 7));
            all.add(new Case(new AttentionShape(1, 2, 256, 0), 1, policy(name), 0.5, 12_000, 4, 7));
        }
        int held = 0;
        for (Case given : all) {
            held += cases(driver).check(driver == TestDriver.CUDA ? given : given.atMost(200, 2));
        }
        assertThat(held).as("blocks on the device").isGreaterThan(20);
    }

    /** Sessions of other models use the same kernels, with more shared memory or less. */
    @ParameterizedTest
    @EnumSource
    void modelsStandSideBySide(TestDriver driver) {
        driver.assumePresent();
        Case large = new Case(new AttentionShape(1, 4, 64, 0), 1, "swa", 0.9, 330, 1, 2);
        Case small = new Case(new AttentionShape(1, 1, 32, 0), 1, "swa", 0.9, 330, 1, 2);
        MemoryBudget budget = MemoryBudget.unlimited();
        Driver made = driver.open();
        CudaDevice device = new CudaDevice(made, budget, TestDriver.host());
        List<String> warnings = new ArrayList<>();
        DeviceTier tier = new DeviceTier(device, budget, warnings::add);
        try (TieredRun first = large.open(new VectorKernels(), KvMemory.unlimited());
                TieredRun second = small.open(new VectorKernels(), KvMemory.unlimited())) {
            for (TieredRun run : List.of(first, second)) {
                run.useDevice(tier);
                run.talk(330, 1, nobody -> {
                });
            }
            List<float[]> before = List.copyOf(first.stepOutputs());
            first.repeat(nobody -> {
            });
            cases(driver).compare(large, first.stepOutputs(), before);
        }
        device.close();
        assertThat(warnings).isEmpty();
        if (made instanceof JavaDriver java) {
            assertThat(java.selections()).isEqualTo(3);
        }
    }

    /** Some blocks in RAM only, some in the file, some on the device. */
    @ParameterizedTest
    @EnumSource
    void theCapHolds(TestDriver driver) {
        driver.assumePresent();
        for (long seed = 20; seed < 26; seed++) {
            Random random = new Random(seed);
            Case given = driver.cut(
                    new Case(new AttentionShape(8, 2, 64, 0), 3, seed % 2 == 0 ? "swa" : null, 0.3, 700, 8, seed));
            MemoryBudget room = new MemoryBudget(random.nextLong(4 * MIB));
            KvMemory memory = new KvMemory(MemoryBudget.unlimited(), MemoryBudget.unlimited(), MemoryFile::new);
            cases(driver).check(given, room, memory, run -> {
                if (random.nextInt(3) == 0) {
                    run.kv.giveBack(1 + random.nextLong(1 + run.kv.bytes()));
                }
            });
            assertThat(room.peak()).isLessThanOrEqualTo(room.cap());
        }
    }
}
