package io.alisa.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.util.Objects;

import io.alisa.attention.AttentionShape;
import io.alisa.attention.Teams;
import io.alisa.attention.VectorKernels;
import io.alisa.cache.KvMemory;
import io.alisa.device.DeviceCases.Case;
import io.alisa.device.DeviceSession;
import io.alisa.device.DeviceTier;
import io.alisa.sparse.TieredRun;
import io.alisa.tier.MemoryBudget;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Who gets the memory of a device that has too little for all. */
class CudaRoomTest {
    private static final int LAYERS = 2;
    private static final TieredRun.Between NOTHING = run -> {
        // nobody is near
    };

    private final Pinning driver = new Pinning();
    private final MemoryBudget budget = MemoryBudget.unlimited();
    private final MemoryBudget ram = MemoryBudget.unlimited();
    private final CudaDevice device = new CudaDevice(new FaultyDriver(driver, Long.MAX_VALUE) {
        @Override
        public @Nullable Pinned allocatePinned(long bytes) {
            return driver.pinsNoMore ? null : super.allocatePinned(bytes);
        }
    }, budget, new HostSide(ram, Teams.of(2), 0));
    private final DeviceTier tier = new DeviceTier(device, budget, warning -> {
        throw new AssertionError(warning);
    });

    /** Counts launches that attend selected tokens. */
    private static final class Pinning extends JavaDriver {
        private boolean pinsNoMore;
        private int gathers;

        @Override
        void run(String name, int gridX, int gridY, int gridZ, int threads, int sharedBytes,
                MemorySegment parameters) {
            gathers += name.startsWith("alisa_gather") ? 1 : 0;
            super.run(name, gridX, gridY, gridZ, threads, sharedBytes, parameters);
        }
    }

    private static Case given(@Nullable String policy, long seed) {
        return new Case(new AttentionShape(2, 2, 32, 0), LAYERS, policy, 0.3, 0, 0, seed);
    }

    private TieredRun open(@Nullable String policy, long seed) {
        TieredRun run = given(policy, seed).open(new VectorKernels(), KvMemory.unlimited());
        run.useDevice(tier);
        return run;
    }

    private static DeviceSession on(TieredRun run) {
        return Objects.requireNonNull(run.kv.device());
    }

    private static void repeat(TieredRun run, int times) {
        for (int i = 0; i < times; i++) {
            run.repeat(NOTHING);
        }
    }

    @AfterEach
    void close() {
        device.close();
        assertThat(budget.reserved()).isZero();
        assertThat(ram.reserved()).isZero();
        assertThat(driver.leftOver()).isZero();
    }

    /** It opens while another one has all, which idles later on. */
    @Test
    void aSessionThatFoundTheDeviceFullUsesItLater() {
        try (TieredRun first = open(null, 1)) {
            budget.setCap(budget.reserved() + 5 * given(null, 1).blockBytes());
            first.talkInOneBatch(64 * 6 + 5, NOTHING);
            assertThat(on(first).heldBlocks()).isEqualTo(5);
            try (TieredRun second = open(null, 2)) {
                second.talkInOneBatch(64 * 6 + 5, NOTHING);
                assertThat(on(second).bytes()).as("as long as the first is at it").isZero();
                repeat(second, 200);
                assertThat(on(second).heldBlocks()).isPositive();
                assertThat(on(first).heldBlocks()).isZero();
            }
            repeat(first, 200);
            assertThat(on(first).heldBlocks()).as("it comes back").isEqualTo(5);
            assertThat(budget.peak()).isLessThanOrEqualTo(budget.cap());
        }
    }

    /** Of this machine's pinned memory, too. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void anIdleSessionKeepsNothingThatOnlyBatchesNeed(boolean rests) {
        try (TieredRun idle = open(null, 1)) {
            long opened = budget.reserved();
            long pinned = ram.reserved();
            idle.talkInOneBatch(64 * 3 + 5, NOTHING);
            idle.plan(64 * 9, 0);
            while (idle.next(NOTHING)) {
                assertThat(ram.reserved()).as("queries of a batch").isGreaterThan(pinned);
            }
            long held = on(idle).heldBlocks() * given(null, 1).blockBytes();
            assertThat(on(idle).bytes()).isGreaterThan(opened + held);
            if (rests) {
                idle.kv.rest();
                assertThat(on(idle).bytes()).isEqualTo(opened + held);
                assertThat(ram.reserved()).isEqualTo(pinned);
            }
            budget.setCap(budget.reserved());
            try (TieredRun busy = open(null, 2)) {
                busy.talkInOneBatch(64 * 6 + 5, NOTHING);
                repeat(busy, 200);
                assertThat(on(idle).heldBlocks()).isZero();
                assertThat(on(idle).bytes()).isEqualTo(opened);
                assertThat(on(busy).heldBlocks()).isEqualTo(6 * LAYERS);
            }
            assertThat(budget.reserved()).isEqualTo(opened);
            assertThat(ram.reserved()).isEqualTo(pinned);
        }
    }

    /** The prompt takes all the room there is for blocks. */
    @Test
    void aFullDeviceStillAttendsWhatIsSelected() {
        try (TieredRun run = open("streaming-llm", 1)) {
            budget.setCap(budget.reserved() + 8 * given(null, 1).blockBytes());
            run.talkInOneBatch(64 * 12 + 5, NOTHING);
            assertThat(on(run).heldBlocks()).isEqualTo(8);
            assertThat(budget.reserved()).isEqualTo(budget.cap());
            run.plan(0, 10);
            while (run.next(NOTHING)) {
                assertThat(on(run).heldBlocks()).isPositive();
            }
            assertThat(driver.gathers).isGreaterThan(5);
        }
    }

    /** Where something else is missing, what others hold on the device would be no help. */
    @Test
    void wantOfPinnedMemoryCostsNobodyHisBlocks() {
        try (TieredRun idle = open(null, 1); TieredRun busy = open("swa", 2)) {
            idle.talkInOneBatch(64 * 3 + 5, NOTHING);
            int held = on(idle).heldBlocks();
            assertThat(held).isEqualTo(3 * LAYERS);
            driver.pinsNoMore = true;
            busy.talkInOneBatch(64 * 3 + 5, NOTHING);
            repeat(busy, 200);
            assertThat(on(busy).heldBlocks()).as("without lists of sketches").isZero();
            assertThat(on(idle).heldBlocks()).isEqualTo(held);
        }
    }
}
