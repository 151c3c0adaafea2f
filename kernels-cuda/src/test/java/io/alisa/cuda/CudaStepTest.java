package io.alisa.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.util.List;
import java.util.Objects;

import io.alisa.Allocation;
import io.alisa.attention.AttentionShape;
import io.alisa.cache.KvFormat;
import io.alisa.cache.KvLayout;
import io.alisa.device.DeviceKv;
import io.alisa.device.DeviceShape;
import io.alisa.device.Placement;
import io.alisa.device.TokenChoice;
import io.alisa.tier.MemoryBudget;
import io.alisa.tier.Pinning;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a step asks of the driver, and of the heap. */
class CudaStepTest {
    private static final AttentionShape ATTENTION = new AttentionShape(4, 2, 32, 0);
    private static final DeviceShape SHAPE = ATTENTION.onDevice(new KvLayout(KvFormat.INT8, 4, 32));
    private static final int LAYERS = 3;
    private static final int BLOCKS = 20;

    private final Quiet driver = new Quiet();
    private final MemoryBudget budget = MemoryBudget.unlimited();
    private final CudaDevice device = new CudaDevice(driver, budget, TestDriver.host());
    private final Arena arena = Arena.ofConfined();
    private final long block = arena.allocate(SHAPE.blockBytes(), 64).address();
    private final float[] queries = new float[ATTENTION.floats(1)];
    private final long[][] selected = new long[4][BLOCKS + 1];
    private final float[] max = new float[8];
    private final float[] sum = new float[8];
    private final float[] values = new float[queries.length];

    /** Launches are counted, and nothing is computed: the kernels are not the matter here. */
    private static class Quiet extends JavaDriver {
        private int structures;
        private int waits;

        @Override
        public Arguments arguments(long bytes) {
            structures++;
            return super.arguments(bytes);
        }

        @Override
        public void synchronize(Stream stream) {
            waits++;
            super.synchronize(stream);
        }

        @Override
        public void launch(Kernel kernel, int gridX, int gridY, int gridZ, int threads, Stream stream,
                Arguments arguments) {
            countLaunch(gridY, gridZ);
        }
    }

    private DeviceKv open() {
        DeviceKv kv = Objects.requireNonNull(device.prepareKv(SHAPE, LAYERS, 64));
        assertThat(kv.open()).isEqualTo(Placement.DONE);
        for (int layer = 0; layer < LAYERS; layer++) {
            for (int i = 0; i < BLOCKS; i++) {
                assertThat(kv.put(layer, i, block, block)).isEqualTo(Placement.DONE);
            }
            assertThat(kv.putMeans(layer, 0, block)).isEqualTo(Placement.DONE);
            kv.upload(layer);
        }
        return kv;
    }

    @AfterEach
    void close() {
        arena.close();
        device.close();
        assertThat(driver.leftOver()).isZero();
        assertThat(budget.reserved()).isZero();
    }

    private void denseStep(DeviceKv kv) {
        for (int layer = 0; layer < LAYERS; layer++) {
            assertThat(kv.begin(layer, BLOCKS, queries)).isTrue();
            kv.finish(max, sum, values);
        }
    }

    private void sparseStep(DeviceKv kv, long[][] selected) {
        for (int layer = 0; layer < LAYERS; layer++) {
            assertThat(kv.begin(layer, BLOCKS, queries, selected)).isTrue();
            kv.finish(max, sum, values);
        }
    }

    @Test
    void aLayerIsOneLaunchAndOneCopy() {
        try (DeviceKv kv = open()) {
            denseStep(kv); // brings the tables there
            long launches = driver.launches();
            long copies = driver.copies();
            denseStep(kv);
            assertThat(driver.launches() - launches).isEqualTo(LAYERS);
            assertThat(driver.copies() - copies).as("queries there; partials are written here").isEqualTo(LAYERS);
            sparseStep(kv, new long[4][BLOCKS]);
            assertThat(driver.launches() - launches).isEqualTo(2 * LAYERS);
            assertThat(driver.copies() - copies).as("and what is selected").isEqualTo(3 * LAYERS);
        }
    }

    private void selectingStep(DeviceKv kv, TokenChoice choice) {
        for (int layer = 0; layer < LAYERS; layer++) {
            assertThat(kv.begin(layer, BLOCKS, queries, choice)).isTrue();
            kv.finish(max, sum, values);
            kv.selected(selected);
        }
    }

    @Test
    void aLayerThatSelectsIsSixLaunchesAndTwoCopies() {
        TokenChoice choice = new TokenChoice();
        try (DeviceKv kv = open()) {
            for (long[] pinned : new long[][]{null, new long[BLOCKS + 1]}) {
                choice.set(BLOCKS * 64 + 5, 4, BLOCKS * 64 - 70, 200, pinned);
                selectingStep(kv, choice); // brings the tables there
                long launches = driver.launches();
                long copies = driver.copies();
                selectingStep(kv, choice);
                assertThat(driver.launches() - launches).isEqualTo(6 * LAYERS);
                assertThat(driver.copies() - copies).as("queries and pinned there, partials and selected back")
                        .isEqualTo(2 * LAYERS);
            }
        }
    }

    /** For its last mark alone, unless it is given up: then for the stream, before what it uses is given up or replaced. */
    @Test
    void aStepThatIsFinishedIsNotWaitedForAnyMore() {
        TokenChoice choice = new TokenChoice();
        choice.set(BLOCKS * 64 + 5, 4, BLOCKS * 64 - 70, 200, null);
        try (DeviceKv kv = open()) {
            denseStep(kv);
            sparseStep(kv, new long[4][BLOCKS]);
            selectingStep(kv, choice);
            kv.rest();
            kv.forget(1, BLOCKS - 1);
            assertThat(driver.waits).isZero();
            assertThat(kv.begin(0, BLOCKS, queries)).isTrue();
            denseStep(kv);
            assertThat(driver.waits).isEqualTo(1);
            assertThat(kv.begin(0, BLOCKS, queries, choice)).isTrue();
            kv.rest();
            assertThat(driver.waits).isEqualTo(2);
            assertThat(kv.begin(0, BLOCKS, queries)).isTrue();
            kv.forget(0, 0);
            assertThat(driver.waits).isEqualTo(3);
        }
        assertThat(driver.waits).as("and when it is closed").isEqualTo(4);
    }

    /** Only differences move: a block once, and of the table what changed; blocks that are neighbours are one copy. */
    @Test
    void newBlocksAreTwoCopies() {
        try (DeviceKv kv = open()) {
            denseStep(kv);
            long copies = driver.copies();
            for (int i = 0; i < 3; i++) {
                assertThat(kv.put(1, BLOCKS + i, block, 0)).isEqualTo(Placement.DONE);
            }
            kv.upload(1);
            denseStep(kv);
            assertThat(driver.copies() - copies).isEqualTo(2 + LAYERS);
        }
    }

    /** What is pinned a kernel fetches, wherever the pieces are. */
    @Test
    void newPinnedBlocksAreALaunchAndACopy() {
        long memory = arena.allocate(3 * SHAPE.blockBytes(), Pinning.ALIGNMENT).address();
        device.pin(memory, 3 * SHAPE.blockBytes());
        try (DeviceKv kv = open()) {
            denseStep(kv);
            long launches = driver.launches();
            long copies = driver.copies();
            for (int i = 2; i >= 0; i--) {
                assertThat(kv.put(1, BLOCKS + i, memory + i * SHAPE.blockBytes(), 0)).isEqualTo(Placement.DONE);
            }
            kv.upload(1);
            kv.settle();
            denseStep(kv);
            assertThat(driver.launches() - launches).isEqualTo(1 + LAYERS);
            assertThat(driver.copies() - copies).as("of the table what changed").isEqualTo(1 + LAYERS);
        }
        device.unpin(memory);
    }

    /** The tables of 21 query heads of 256 are more than the 64 KiB that a thread block of Turing may have. */
    @Test
    void aCardWithTooLittleSharedMemoryLeavesSelectingToTheCpu() {
        TokenChoice choice = new TokenChoice();
        choice.set(64 + 5, 4, 60, 40, null);
        for (int group : new int[]{20, 21}) {
            AttentionShape attention = new AttentionShape(1, group, 256, 0);
            DeviceShape shape = attention.onDevice(new KvLayout(KvFormat.INT8, 1, 256));
            float[] rows = new float[attention.floats(1)];
            CudaDevice turing = new CudaDevice(new Quiet() {
                @Override
                public Facts facts() {
                    return new Facts("Turing", Long.MAX_VALUE, 40, 64 << 10, 75);
                }
            }, MemoryBudget.unlimited(), TestDriver.host());
            assertThat(turing.serves(shape)).isTrue();
            long large = arena.allocate(shape.blockBytes(), 64).address();
            try (DeviceKv kv = Objects.requireNonNull(turing.prepareKv(shape, 1, 9))) {
                assertThat(List.of(kv.open(), kv.put(0, 0, large, large), kv.putMeans(0, 0, large)))
                        .containsOnly(Placement.DONE);
                kv.upload(0);
                assertThat(kv.begin(0, 1, rows)).isTrue();
                assertThat(kv.begin(0, 1, rows, new long[][]{{1}})).isTrue();
                assertThat(kv.begin(0, 1, rows, choice)).as("a group of %s", group).isEqualTo(group == 20);
            }
            turing.close();
        }
    }

    /** As many blocks as a launch may have, and one more. */
    @Test
    void aBatchThatIsTooLargeIsLeftToTheCpu() {
        for (int heads : new int[]{65_535, 65_536}) {
            AttentionShape attention = new AttentionShape(heads, 1, 32, 0);
            DeviceShape shape = attention.onDevice(new KvLayout(KvFormat.INT8, heads, 32));
            try (DeviceKv kv = Objects.requireNonNull(device.prepareKv(shape, 1, 1))) {
                assertThat(kv.open()).isEqualTo(Placement.DONE);
                assertThat(kv.beginBatch(0, 0, new float[attention.floats(1)], 1)).as("%s heads", heads)
                        .isEqualTo(heads == 65_535);
            }
        }
    }

    /** By blocks of the grid, or by bytes of what is joined. */
    @ParameterizedTest
    @CsvSource({"8, 1, 64, 524224", "8, 8, 64, 65528", "8, 4, 128, 127100", "8, 4, 256, 64527", "1, 1, 32, 4194240"})
    void aBatchMayBeSoLarge(int kvHeads, int group, int headSize, int positions) {
        AttentionShape attention = new AttentionShape(kvHeads, group, headSize, 0);
        AttendLaunch batch = new AttendLaunch(device,
                attention.onDevice(new KvLayout(KvFormat.INT8, kvHeads, headSize)), AttendLaunch.Kind.BATCH, 9);
        assertThat(batch.fits(positions)).isTrue();
        assertThat(batch.fits(positions + 1)).isFalse();
    }

    /** Whatever filled the device after the blocks. */
    @Test
    void stepsHaveTheirMemoryAlongWithTheBlocks() {
        TokenChoice choice = new TokenChoice();
        choice.set(BLOCKS * 64 + 5, 4, BLOCKS * 64 - 70, 200, null);
        try (DeviceKv kv = open()) {
            budget.setCap(budget.reserved());
            denseStep(kv);
            sparseStep(kv, new long[4][BLOCKS]);
            selectingStep(kv, choice);
            budget.setCap(Long.MAX_VALUE);
            kv.rest();
            selectingStep(kv, choice);
        }
    }

    /** Where Java has no memory left for one a session is told when it opens, and not in the middle of a step. */
    @Test
    void noStepMakesTheStructuresOfItsLaunches() {
        TokenChoice choice = new TokenChoice();
        choice.set(BLOCKS * 64 + 5, 4, BLOCKS * 64 - 70, 200, null);
        try (DeviceKv kv = open()) {
            int before = driver.structures;
            denseStep(kv);
            sparseStep(kv, new long[4][BLOCKS]);
            selectingStep(kv, choice);
            assertThat(kv.beginBatch(0, BLOCKS, new float[2 * queries.length], 2)).isTrue();
            kv.finish(new float[16], new float[16], new float[2 * queries.length]);
            assertThat(driver.structures).isEqualTo(before);
        }
    }

    @Tag(Allocation.TAG)
    @Test
    void aStepAllocatesNothing() {
        TokenChoice choice = new TokenChoice();
        choice.set(BLOCKS * 64 + 5, 4, BLOCKS * 64 - 70, 200, new long[BLOCKS + 1]);
        try (DeviceKv kv = open()) {
            Allocation.assertNoneAfterAWhile(() -> {
                for (int i = 0; i < 20; i++) {
                    for (int layer = 0; layer < LAYERS; layer++) {
                        kv.begin(layer, BLOCKS, queries);
                        kv.finish(max, sum, values);
                        kv.begin(layer, BLOCKS, queries, selected);
                        kv.finish(max, sum, values);
                        kv.begin(layer, BLOCKS, queries, choice);
                        kv.finish(max, sum, values);
                        kv.selected(selected);
                    }
                }
            });
        }
    }
}
