package io.alisa.device;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;

import io.alisa.attention.AttentionShape;
import io.alisa.attention.FakeDevice;
import io.alisa.attention.Teams;
import io.alisa.attention.VectorKernels;
import io.alisa.cache.KvDigest;
import io.alisa.cache.KvMemory;
import io.alisa.cache.SketchLayout;
import io.alisa.device.DeviceCases.Case;
import io.alisa.sparse.TieredRun;
import io.alisa.tier.MemoryBudget;
import io.alisa.tier.MemoryFile;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The device as a tier, on a device that is this machine. */
class DeviceTierTest {
    private static final AttentionShape SHAPE = new AttentionShape(2, 2, 20, 0);
    private static final TieredRun.Between NOTHING = run -> {
        // nobody is near
    };

    private final DeviceCases cases = new DeviceCases(FakeDevice::new, new VectorKernels(), 1e-10);

    private static @Nullable String policy(String name) {
        return name.equals("none") ? null : name;
    }

    @ParameterizedTest
    @ValueSource(strings = {"none", "swa", "swa-paper", "h2o", "streaming-llm", "local", "strided", "dense"})
    void aDeviceSaysTheSame(String name) {
        int held = 0;
        for (long seed = 0; seed < 25; seed++) {
            held += cases.check(Case.random(seed, policy(name), 4, 7, 20, 33));
        }
        assertThat(held).as("blocks on the device").isGreaterThan(100);
    }

    /** Where the window covers the newest block and all the others are there, the device selects, and selects the same. */
    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3})
    void aDeviceSelects(int chunk) {
        FakeDevice[] device = new FakeDevice[1];
        DeviceCases selecting = new DeviceCases(budget -> {
            device[0] = new FakeDevice(budget);
            return device[0];
        }, new VectorKernels(), 1e-10);
        long selections = 0;
        for (long seed = 10L * chunk; seed < 10L * chunk + 10; seed++) {
            Case given = Case.random(seed, "swa", 4, 7, 20, 33);
            selecting.check(new Case(given.shape(), given.layers(), "swa", 0.55 + (seed % 5) / 10.0,
                    500 + given.length(), given.steps(), seed));
            selections += device[0].selections();
        }
        assertThat(selections).isGreaterThan(100);
    }

    /** Below what a device says is worth the way. */
    @Test
    void littleIsAttendedHere() {
        Case given = new Case(SHAPE, 1, "swa", 0.9, 700, 12, 6);
        for (boolean enough : new boolean[]{false, true}) {
            MemoryBudget budget = MemoryBudget.unlimited();
            FakeDevice device = new FakeDevice(budget);
            device.setLeastBytes((enough ? 10 : 20) * given.blockBytes());
            DeviceTier tier = new DeviceTier(device, budget, warning -> {
                throw new AssertionError(warning);
            });
            try (TieredRun run = given.open(new VectorKernels(), KvMemory.unlimited())) {
                run.useDevice(tier);
                given.pin(run);
                cases.compare(given, run.talk(given.length(), given.steps(), NOTHING), cases.expected(given));
            }
            assertThat(device.selections() > 0).isEqualTo(enough);
            assertThat(device.pinned()).as("memory that is gone").isZero();
            device.close();
        }
    }

    /** What is deleted from RAM is not computed again as long as the device has it. */
    @ParameterizedTest
    @CsvSource({"none, 1", "swa, 0.9", "streaming-llm, 0.5", "local, 0.2"})
    void deletedBlocksThatTheDeviceHasAreNotMissed(String name, double ratio) {
        long[] recomputed = new long[3];
        Case given = new Case(SHAPE, 12, policy(name), ratio, 800, 3, 9);
        List<float[]> expected;
        try (TieredRun run = given.open(new VectorKernels(), KvMemory.unlimited())) {
            prefill(run, given);
            expected = steps(run);
        }
        for (int device = 0; device < 3; device++) {
            MemoryBudget fast = MemoryBudget.unlimited();
            KvMemory memory = new KvMemory(fast, new MemoryBudget(0), MemoryFile::new);
            MemoryBudget budget = MemoryBudget.unlimited();
            FakeDevice fake = new FakeDevice(budget);
            DeviceTier tier = new DeviceTier(fake, budget, warning -> {
                // lost, the third time
            });
            try (TieredRun run = given.open(new VectorKernels(), memory)) {
                if (device > 0) {
                    run.useDevice(tier);
                }
                prefill(run, given);
                run.kv.giveBack(fast.reserved() / 4);
                assertThat(run.kv.deletedTokens()).isPositive();
                if (device == 2) {
                    fake.failAfter(20);
                }
                cases.compare(given, steps(run), expected);
                recomputed[device] = run.kv.recomputedTokens();
            }
        }
        assertThat(recomputed[0]).as("without a device").isPositive();
        assertThat(recomputed[1]).as("with one").isZero();
        assertThat(recomputed[2]).as("with one that is lost").isPositive();
    }

    private static void prefill(TieredRun run, Case given) {
        run.plan(given.length(), 4);
        while (run.kv.layer(0).tokens() < given.length()) {
            run.next(NOTHING);
        }
    }

    private static List<float[]> steps(TieredRun run) {
        List<float[]> outputs = new ArrayList<>();
        for (int step = 0; step < 4; step++) {
            run.next(NOTHING);
            outputs.addAll(run.stepOutputs());
        }
        return outputs;
    }

    @Test
    void sketchesAreAsLargeAsTheyLie() {
        for (int headSize = 1; headSize < 70; headSize++) {
            assertThat(new DeviceShape(3, 1, headSize, headSize, 0, 1).sketchBytes())
                    .isEqualTo(new SketchLayout(3, headSize).blockBytes());
        }
    }

    /** In one piece. */
    @Test
    void aDeviceTakesOverTheSketchesOfABlock() {
        Case given = new Case(new AttentionShape(3, 2, 18, 0), 2, "swa", 0.3, 200, 0, 5);
        MemoryBudget budget = MemoryBudget.unlimited();
        try (TieredRun run = given.open(new VectorKernels(), KvMemory.unlimited())) {
            run.useDevice(tier(new FakeDevice(budget), budget));
            prefill(run, given);
            long bytes = new SketchLayout(1, 18).headBytes();
            for (int block = 0; block < 3; block++) {
                for (int head = 0; head < 3; head++) {
                    assertThat(Objects.requireNonNull(run.kv.layer(1).digest()).sketch(block, head))
                            .isEqualTo(run.kv.layer(1).sketch(block) + head * bytes);
                }
            }
        }
    }

    private static DeviceTier tier(FakeDevice device, MemoryBudget budget) {
        return new DeviceTier(device, budget, warning -> {
            // none is lost
        });
    }

    /** It may be full for good: nothing is the slower for it, nor pinned in vain. */
    @Test
    void aDeviceThatWasFullAttendsWhatIsChosenHere() {
        Case given = new Case(new AttentionShape(3, 2, 18, 0), 2, "swa", 0.9, 1500, 0, 8);
        MemoryBudget budget = MemoryBudget.unlimited();
        FakeDevice device = new FakeDevice(budget);
        device.setFull(true);
        try (TieredRun alone = given.open(new VectorKernels(), KvMemory.unlimited());
                TieredRun run = given.open(new VectorKernels(), KvMemory.unlimited())) {
            run.useDevice(tier(device, budget));
            cases.compare(given, talkOn(run, 1500), talkOn(alone, 1500));
            long stride = 16 * new SketchLayout(1, 18).headBytes();
            KvDigest digest = Objects.requireNonNull(run.kv.layer(1).digest());
            assertThat(digest.sketch(2, 1)).as("as the CPU reads it").isEqualTo(digest.sketch(2, 0) + stride);
            assertThat(device.pinned()).isZero();
            device.setFull(false);
            cases.compare(given, talkOn(run, 0), talkOn(alone, 0));
            assertThat(held(run)).as("it looked again").isPositive();
            cases.compare(given, talkOn(run, 3000), talkOn(alone, 3000));
            assertThat(held(run)).isEqualTo(2 * digest.blocks());
            assertThat(device.attendedBlocks()).isPositive();
            assertThat(device.selections()).isZero();
            assertThat(device.pinned()).as("what came later").isPositive();
        }
        assertThat(device.pinned()).as("memory that is gone").isZero();
        assertThat(budget.reserved()).isZero();
    }

    /** So many tokens, and more steps than a session waits until it looks for room again. */
    private static List<float[]> talkOn(TieredRun run, int length) {
        List<float[]> outputs = new ArrayList<>();
        run.plan(length, 80);
        while (run.next(NOTHING)) {
            outputs.addAll(run.stepOutputs());
        }
        return outputs;
    }

    /** What a session finds that opens. */
    enum Found {
        NOTHING, FULL, ROOM
    }

    /**
     * Sketches lie otherwise where there is a device that has room: whoever inherits them reads them as they are, and has his
     * own lie so. A device that the child finds full has room as soon as it looks again.
     */
    @ParameterizedTest
    @CsvSource({"NOTHING,ROOM", "ROOM,NOTHING", "ROOM,ROOM", "FULL,NOTHING", "FULL,ROOM", "ROOM,FULL", "FULL,FULL"})
    void blocksAreInheritedWhoeverHasADevice(Found parents, Found childs) {
        Case given = new Case(new AttentionShape(3, 2, 18, 0), 2, "swa", 0.3, 1500, 0, 6);
        List<float[]> expected = goOn(given, Found.NOTHING, Found.NOTHING);
        cases.compare(given, goOn(given, parents, childs), expected);
    }

    private static void useDevice(TieredRun run, DeviceTier tier, FakeDevice device, Found found) {
        if (found != Found.NOTHING) {
            device.setFull(found == Found.FULL);
            run.useDevice(tier);
        }
    }

    private static List<float[]> goOn(Case given, Found parents, Found childs) {
        MemoryBudget budget = MemoryBudget.unlimited();
        FakeDevice device = new FakeDevice(budget);
        DeviceTier tier = tier(device, budget);
        try (TieredRun parent = given.open(new VectorKernels(), KvMemory.unlimited());
                TieredRun child = given.open(new VectorKernels(), KvMemory.unlimited())) {
            useDevice(parent, tier, device, parents);
            prefill(parent, given);
            useDevice(child, tier, device, childs);
            device.setFull(false);
            assertThat(child.inherit(parent, 1408)).isTrue();
            List<float[]> outputs = new ArrayList<>();
            child.plan(given.length() + 100, 6);
            while (child.next(NOTHING)) {
                outputs.addAll(child.stepOutputs());
            }
            assertThat(child.kv.layer(0).areDigested()).as("for a device").isEqualTo(parents == Found.ROOM);
            assertThat(child.kv.device() == null ? 0 : held(child)).as("attended there")
                    .isEqualTo(childs == Found.NOTHING
                            ? 0
                            : 2 * Objects.requireNonNull(child.kv.layer(1).digest()).blocks());
            return outputs;
        }
    }

    /** What is in the file, or on the device only in part. */
    @ParameterizedTest
    @ValueSource(strings = {"none", "swa", "swa-paper", "streaming-llm"})
    void whereverTheBlocksAre(String name) {
        for (long seed = 100; seed < 115; seed++) {
            Case given = Case.random(seed, policy(name), 8, 18);
            Random random = new Random(seed);
            AtomicLong demoted = new AtomicLong();
            MemoryBudget room = new MemoryBudget(random.nextInt(12) * given.blockBytes());
            KvMemory memory = new KvMemory(MemoryBudget.unlimited(), MemoryBudget.unlimited(), MemoryFile::new);
            cases.check(given, room, memory, run -> {
                if (random.nextInt(3) == 0) {
                    run.kv.giveBack(1 + random.nextLong(1 + run.kv.bytes()));
                }
                demoted.set(run.kv.demotedBlocks());
            });
            assertThat(room.peak()).as("seed %s", seed).isLessThanOrEqualTo(room.cap());
        }
    }

    /** The device answers one call more each time before it fails. */
    @ParameterizedTest
    @CsvSource({"none, 0.3", "swa, 0.3", "swa, 0.9", "h2o, 0.3"})
    void aDeviceThatFailsIsNotMissed(String name, double ratio) {
        Case given = new Case(SHAPE, 2, policy(name), ratio, 310, 12, 5);
        List<float[]> expected = cases.expected(given);
        long calls = 0;
        int failures = 0;
        for (int after = 0; after == 0 || failures == after; after++) {
            MemoryBudget budget = MemoryBudget.unlimited();
            FakeDevice device = new FakeDevice(budget);
            device.failAfter(after);
            List<String> warnings = new ArrayList<>();
            DeviceTier tier = new DeviceTier(device, budget, warnings::add);
            try (TieredRun run = given.open(new VectorKernels(), KvMemory.unlimited())) {
                run.useDevice(tier);
                given.pin(run);
                cases.compare(given, run.talk(given.length(), given.steps(), NOTHING), expected);
            }
            if (tier.isLost()) {
                failures++;
                assertThat(warnings).singleElement().asString().contains("the test wants it so");
                assertThat(device.isClosed()).isTrue();
                assertThat(budget.reserved()).as("left over").isZero();
            }
            calls = device.calls();
        }
        assertThat(failures).isEqualTo(Math.toIntExact(calls)).isGreaterThan(50);
    }

    /** Each layer of each step would ask for it: one does, after a while or where somebody gave room back. */
    @Test
    void roomThatAStepDoesNotFindIsNotAskedForEachTime() {
        FakeDevice device = new FakeDevice(MemoryBudget.unlimited());
        DeviceTier tier = new DeviceTier(device, MemoryBudget.unlimited(), warning -> {
            throw new AssertionError(warning);
        });
        device.setStepsFindNoRoom(true);
        Case given = new Case(SHAPE, 3, "swa", 0.9, 330, 0, 1);
        try (TieredRun run = given.open(new VectorKernels(), KvMemory.unlimited())) {
            try (TieredRun _ = begin(tier, 2, 2)) {
                run.useDevice(tier);
                int before = device.refusedBatches();
                run.talk(192, 0, NOTHING);
                run.plan(330, 0);
                while (run.next(NOTHING)) {
                    assertThat(device.refusedBatches()).isGreaterThan(before);
                }
                int batches = device.refusedBatches() - before;
                assertThat(batches).as("by layers, or by batches").isBetween(1, 2);
                run.plan(0, 1);
                run.next(NOTHING);
                assertThat(device.refusedSelections()).isEqualTo(1);
                repeat(run, 63);
                assertThat(device.refusedSelections()).isEqualTo(1);
                repeat(run, 1);
                assertThat(device.refusedSelections()).as("after a while").isEqualTo(2);
            }
            repeat(run, 1);
            assertThat(device.refusedSelections()).as("somebody gave room back").isEqualTo(3);
            device.setStepsFindNoRoom(false);
            repeat(run, 63);
            assertThat(device.selections()).isZero();
            repeat(run, 1);
            assertThat(device.selections()).isEqualTo(given.layers());
        }
    }

    private static void repeat(TieredRun run, int times) {
        for (int i = 0; i < times; i++) {
            run.repeat(NOTHING);
        }
    }

    /** Begins a conversation that stays open. */
    private static TieredRun begin(DeviceTier tier, long seed, int blocks) {
        TieredRun run = new TieredRun(SHAPE, 1, null, 1, KvMemory.unlimited(), new VectorKernels(), Teams.of(1), seed);
        run.useDevice(tier);
        run.plan(64 * blocks + 5, 1000);
        while (run.kv.layer(0).tokens() < 64 * blocks + 5) {
            run.next(NOTHING);
        }
        return run;
    }

    private static int held(TieredRun run) {
        return Objects.requireNonNull(run.kv.device()).heldBlocks();
    }

    @Test
    void firstComeFirstServedUntilOneIdles() {
        MemoryBudget budget = new MemoryBudget(5 * new Case(SHAPE, 1, null, 1, 1, 1, 1).blockBytes());
        FakeDevice device = new FakeDevice(budget);
        DeviceTier tier = new DeviceTier(device, budget, warning -> {
            throw new AssertionError(warning);
        });
        try (TieredRun first = begin(tier, 1, 4); TieredRun second = begin(tier, 2, 4)) {
            assertThat(List.of(held(first), held(second))).containsExactly(4, 1);
            for (int step = 0; step < 200; step++) {
                second.repeat(NOTHING);
            }
            assertThat(held(first)).as("of the one that idles").isZero();
            assertThat(held(second)).isGreaterThanOrEqualTo(4);
            for (int step = 0; step < 200; step++) {
                first.repeat(NOTHING);
            }
            assertThat(held(first)).as("it comes back").isGreaterThanOrEqualTo(3);
            assertThat(budget.peak()).isLessThanOrEqualTo(budget.cap());
        }
        assertThat(budget.reserved()).isZero();
        assertThat(device.isClosed()).as("others may come").isFalse();
    }

    @Test
    void aLostDeviceIsLostToAllAndClosedOnce() {
        MemoryBudget budget = MemoryBudget.unlimited();
        FakeDevice device = new FakeDevice(budget);
        List<String> warnings = new ArrayList<>();
        DeviceTier tier = new DeviceTier(device, budget, warnings::add);
        try (TieredRun one = begin(tier, 1, 3); TieredRun other = begin(tier, 2, 3)) {
            device.failAfter(0);
            one.next(NOTHING);
            assertThat(device.isClosed()).isTrue();
            assertThat(List.of(held(one), held(other))).containsExactly(0, 0);
            other.next(NOTHING);
            assertThat(warnings).hasSize(1);
            assertThat(tier.open(SHAPE.onDevice(one.kv.layout()), 1, 9, one.kv.lock())).isNull();
        }
        assertThat(budget.reserved()).isZero();
    }

    /** Another session loses the device while one is being opened there. */
    @Test
    void aDeviceIsNotClosedWhileASessionOpens() {
        MemoryBudget budget = MemoryBudget.unlimited();
        Interrupted device = new Interrupted(new FakeDevice(budget));
        List<String> warnings = new ArrayList<>();
        DeviceTier tier = new DeviceTier(device, budget, warnings::add);
        device.meanwhile = () -> {
            tier.lose(new DeviceLostException("the other said so"));
            assertThat(device.behind.isClosed()).as("while a session is being opened").isFalse();
        };
        DeviceShape shape = new DeviceShape(1, 1, 20, 20, 0, 1);
        assertThat(tier.open(shape, 1, 9, new ReentrantLock())).isNull();
        assertThat(device.behind.isClosed()).isTrue();
        assertThat(device.closedKvs).as("before the device").isEqualTo(1);
        assertThat(warnings).hasSize(1);
        assertThat(tier.open(shape, 1, 9, new ReentrantLock())).as("lost for good").isNull();
    }

    /** A device on which something happens while a session is opened. */
    private static final class Interrupted implements Device {
        final FakeDevice behind;
        Runnable meanwhile = () -> {
        };
        int closedKvs;

        Interrupted(FakeDevice behind) {
            this.behind = behind;
        }

        @Override
        public DeviceKv prepareKv(DeviceShape shape, int layers, int maxBlocks) {
            DeviceKv kv = Objects.requireNonNull(behind.prepareKv(shape, layers, maxBlocks));
            meanwhile.run();
            return (DeviceKv) Proxy.newProxyInstance(DeviceKv.class.getClassLoader(), new Class<?>[]{DeviceKv.class},
                    (proxy, method, arguments) -> {
                        if (method.getName().equals("close")) {
                            assertThat(behind.isClosed()).as("closed before what is on it").isFalse();
                            closedKvs++;
                        }
                        return method.invoke(kv, arguments);
                    });
        }

        @Override
        public String describe() {
            return behind.describe();
        }

        @Override
        public long leastBytes() {
            return behind.leastBytes();
        }

        @Override
        public long freeBytes() {
            return behind.freeBytes();
        }

        @Override
        public boolean serves(DeviceShape shape) {
            return behind.serves(shape);
        }

        @Override
        public void pin(long address, long bytes) {
            behind.pin(address, bytes);
        }

        @Override
        public void unpin(long address) {
            behind.unpin(address);
        }

        @Override
        public void close() {
            behind.close();
        }
    }
}
