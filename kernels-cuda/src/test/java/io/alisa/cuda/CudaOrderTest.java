package io.alisa.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;

import io.alisa.device.DeviceFullException;
import io.alisa.attention.AttentionShape;
import io.alisa.attention.VectorKernels;
import io.alisa.cache.KvMemory;
import io.alisa.device.DeviceCases;
import io.alisa.device.DeviceCases.Case;
import io.alisa.device.DeviceKv;
import io.alisa.device.DeviceLostException;
import io.alisa.device.DeviceTier;
import io.alisa.device.Placement;
import io.alisa.sparse.TieredRun;
import io.alisa.tier.MemoryBudget;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is asked of a device comes to pass when it likes: nothing may be taken away from it before, whatever goes wrong. */
class CudaOrderTest {
    private static final AttentionShape SHAPE = new AttentionShape(2, 2, 32, 0);
    private static final int[] HEAD_SIZES = {32, 64, 80, 96, 7, 33};
    private static final TieredRun.Between NOTHING = run -> {
        // nobody is near
    };

    private final List<LateDriver> drivers = Collections.synchronizedList(new ArrayList<>());

    /** Every other one is as late as can be. */
    private LateDriver open(long seed) {
        LateDriver driver = seed % 2 == 0 ? LateDriver.asLateAsPossible() : LateDriver.atRandom(seed);
        drivers.add(driver);
        return driver;
    }

    private DeviceCases cases(long seed) {
        return new DeviceCases(budget -> new CudaDevice(open(seed), budget, TestDriver.host()), new VectorKernels(),
                1e-7);
    }

    private static @Nullable String policy(String name) {
        return name.equals("none") ? null : name;
    }

    private void nothingIsLeft() {
        assertThat(drivers).isNotEmpty().allMatch(driver -> driver.leftOver() == 0)
                .anyMatch(driver -> driver.most() > 2);
    }

    @ParameterizedTest
    @CsvSource({"none, 0.3, 200", "swa, 0.3, 200", "swa, 0.9, 330"})
    void theSameIsSaidAtAnyTime(String name, double ratio, int length) {
        for (long seed = 1; seed < 6; seed += 2) {
            Case given = Case.random(seed, policy(name), HEAD_SIZES);
            cases(seed).check(new Case(given.shape(), given.layers(), policy(name), ratio, length, 6, seed));
        }
        nothingIsLeft();
    }

    /** Each time another call is refused, once: for want of room, or as one that loses the device. What was asked for is done. */
    @ParameterizedTest
    @CsvSource({"none, 0.3, 200, false", "none, 0.3, 200, true", "swa, 0.9, 330, false", "swa, 0.9, 330, true"})
    void whatIsUnderWayIsWaitedForWhateverFails(String name, double ratio, int length, boolean isLost) {
        Case given = new Case(SHAPE, 2, policy(name), ratio, length, 2, 4);
        List<float[]> expected = cases(0).expected(given);
        boolean refused = true;
        long run = 0;
        for (; refused; run++) {
            long only = run;
            AtomicLong calls = new AtomicLong();
            LateDriver behind = open(run);
            Driver driver = new Refusing(behind, () -> {
                if (calls.getAndIncrement() == only) {
                    throw isLost
                            ? new DeviceLostException("the test wants it so")
                            : new DeviceFullException("likewise");
                }
            });
            MemoryBudget budget = MemoryBudget.unlimited();
            List<String> warnings = new ArrayList<>();
            CudaDevice device = new CudaDevice(driver, budget, TestDriver.host());
            DeviceTier tier = new DeviceTier(device, budget, warnings::add);
            try (TieredRun talk = given.open(new VectorKernels(), KvMemory.unlimited())) {
                talk.useDevice(tier);
                given.pin(talk);
                cases(0).compare(given, talk.talk(given.length(), given.steps(), NOTHING), expected);
            }
            if (!tier.isLost()) {
                device.close();
            }
            refused = calls.get() > only;
            assertThat(warnings).as("call %s", only).hasSize(refused && isLost ? 1 : 0);
            assertThat(budget.reserved()).isZero();
        }
        assertThat(run).isGreaterThan(10);
        nothingIsLeft();
    }

    /** A driver that asks before it passes on what a stream is asked for. */
    private static final class Refusing extends FaultyDriver {
        private final Runnable before;

        Refusing(Driver behind, Runnable before) {
            super(behind, Long.MAX_VALUE);
            this.before = before;
        }

        @Override
        public void launch(Kernel kernel, int gridX, int gridY, int gridZ, int threads, Stream stream,
                Arguments arguments) {
            before.run();
            super.launch(kernel, gridX, gridY, gridZ, threads, stream, arguments);
        }

        @Override
        public void zero(Memory memory, long bytes, Stream stream) {
            before.run();
            super.zero(memory, bytes, stream);
        }
    }

    /** Steps that are given up read what they were started with, and larger ones take its place. */
    @ParameterizedTest
    @ValueSource(longs = {0, 1, 3, 5, 7, 9})
    void stepsThatAreGivenUpAreWaitedFor(long seed) {
        LateDriver driver = open(seed);
        CudaDevice device = new CudaDevice(driver, MemoryBudget.unlimited(), TestDriver.host());
        try (Blocks blocks = new Blocks(SHAPE);
                DeviceKv kv = Objects.requireNonNull(device.prepareKv(blocks.shape(), 1, 64))) {
            assertThat(kv.open()).isEqualTo(Placement.DONE);
            blocks.put(kv, 0, 20);
            assertThat(kv.beginBatch(0, 20, new float[SHAPE.floats(3)], 3)).isTrue();
            assertThat(kv.beginBatch(0, 20, new float[SHAPE.floats(90)], 90)).isTrue();
            assertThat(kv.begin(0, 20, new float[SHAPE.floats(1)], blocks.choice(20))).isTrue();
            blocks.put(kv, 20, 60);
            assertThat(kv.begin(0, 60, new float[SHAPE.floats(1)], blocks.choice(60))).isTrue();
            kv.forget(0, 1);
            assertThat(kv.begin(0, 1, new float[SHAPE.floats(1)])).isTrue();
            kv.rest();
            assertThat(kv.beginBatch(0, 1, new float[SHAPE.floats(3)], 3)).isTrue();
            kv.rest();
            assertThat(kv.begin(0, 1, new float[SHAPE.floats(1)], new long[][]{{1}, {1}})).isTrue();
        }
        device.close();
        nothingIsLeft();
    }

    /** Two sessions select at once, one step each in whatever order the device likes, and find what they find alone. */
    @ParameterizedTest
    @ValueSource(longs = {1, 3, 5, 7, 9, 11, 13, 15})
    void selectionsMayBeUnderWayAtOnce(long seed) {
        CudaDevice device = new CudaDevice(open(seed), MemoryBudget.unlimited(), TestDriver.host());
        try (Blocks blocks = new Blocks(SHAPE);
                DeviceKv one = Objects.requireNonNull(device.prepareKv(blocks.shape(), 1, 64));
                DeviceKv other = Objects.requireNonNull(device.prepareKv(blocks.shape(), 1, 64))) {
            List<DeviceKv> both = List.of(one, other);
            List<Integer> lengths = List.of(20, 45);
            List<long[][]> alone = new ArrayList<>();
            for (int i = 0; i < 2; i++) {
                assertThat(both.get(i).open()).isEqualTo(Placement.DONE);
                blocks.put(both.get(i), 0, lengths.get(i));
                begin(both.get(i), lengths.get(i), blocks);
                alone.add(finish(both.get(i), lengths.get(i)));
            }
            for (int i = 0; i < 2; i++) {
                begin(both.get(i), lengths.get(i), blocks);
            }
            for (int i = 0; i < 2; i++) {
                assertThat(finish(both.get(i), lengths.get(i))).isDeepEqualTo(alone.get(i));
            }
        }
        device.close();
        nothingIsLeft();
    }

    private static void begin(DeviceKv kv, int length, Blocks blocks) {
        assertThat(kv.begin(0, length, new float[SHAPE.floats(1)], blocks.choice(length))).isTrue();
    }

    /** What was selected. */
    private static long[][] finish(DeviceKv kv, int length) {
        int rows = SHAPE.kvHeads() * SHAPE.groupSize();
        kv.finish(new float[rows], new float[rows], new float[SHAPE.floats(1)]);
        long[][] selected = new long[SHAPE.kvHeads()][length + 1];
        kv.selected(selected);
        assertThat(Arrays.stream(selected[0]).anyMatch(word -> word != 0)).isTrue();
        return selected;
    }

    /** Blocks come and go on several threads, with little room. */
    @ParameterizedTest
    @ValueSource(longs = {0, 1, 3})
    void sessionsDoNotGetInEachOthersWay(long seed) throws InterruptedException, ExecutionException {
        LateDriver behind = open(seed);
        MemoryBudget budget = new MemoryBudget(1_500_000 + 700_000 * seed);
        List<String> warnings = Collections.synchronizedList(new ArrayList<>());
        CudaDevice device = new CudaDevice(behind, budget, TestDriver.host());
        DeviceTier tier = new DeviceTier(device, budget, warnings::add);
        try (ExecutorService threads = Executors.newFixedThreadPool(3)) {
            List<Future<?>> all = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                Case given = new Case(new AttentionShape(2, 2, 64, 0), 3, i % 2 == 0 ? "swa" : null, i == 2 ? 0.9 : 0.4,
                        330 + 60 * i, 4, seed * 10 + i);
                all.add(threads.submit(() -> talk(given, tier)));
            }
            for (Future<?> one : all) {
                one.get();
            }
        }
        device.close();
        assertThat(warnings).isEmpty();
        assertThat(budget.peak()).isLessThanOrEqualTo(budget.cap());
        nothingIsLeft();
    }

    private void talk(Case given, DeviceTier tier) {
        List<float[]> expected = cases(0).expected(given);
        try (TieredRun run = given.open(new VectorKernels(), KvMemory.unlimited())) {
            run.useDevice(tier);
            given.pin(run);
            cases(0).compare(given, run.talk(given.length(), given.steps(), NOTHING), expected);
        }
    }

    /** The driver of these tests notices what it is for. */
    @Test
    void memoryThatIsGivenBackTooEarlyShows() {
        LateDriver driver = LateDriver.asLateAsPossible();
        Driver.Stream stream = driver.createStream();
        Driver.Memory memory = Objects.requireNonNull(driver.allocate(64));
        driver.zero(memory, 64, stream);
        driver.free(memory);
        assertThatThrownBy(() -> driver.synchronize(stream)).isInstanceOf(AssertionError.class)
                .hasMessageContaining("after it was given back");
        assertThatThrownBy(driver::close).isInstanceOf(AssertionError.class);
    }
}
