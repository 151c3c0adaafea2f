package io.alisa.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.lang.foreign.Arena;
import java.util.Objects;
import java.util.concurrent.locks.ReentrantLock;

import io.alisa.attention.FakeDevice;
import io.alisa.tier.MemoryBudget;
import org.junit.jupiter.api.Test;

/** What a session has on the device when something else fails than that. */
class DeviceSessionTest {
    private static final DeviceShape SHAPE = new DeviceShape(1, 1, 20, 20, 0, 1);

    private final MemoryBudget budget = MemoryBudget.unlimited();
    private final FakeDevice device = new FakeDevice(budget);
    private final DeviceTier tier = new DeviceTier(device, budget, warning -> {
        throw new AssertionError(warning);
    });

    /** All blocks lie at the same place. */
    private static HostBlocks blocksAt(long address) {
        return new HostBlocks() {
            @Override
            public long block(int block) {
                return address;
            }

            @Override
            public boolean areDigested() {
                return true;
            }

            @Override
            public long sketch(int block) {
                return address;
            }

            @Override
            public long means(int index) {
                return address;
            }
        };
    }

    private DeviceSession open() {
        return Objects.requireNonNull(tier.open(SHAPE, 1, 9, new ReentrantLock()));
    }

    private static void work(DeviceSession session, HostBlocks from) {
        DeviceLayer layer = session.layer(0);
        layer.update(from, 3);
        layer.forget(1);
        layer.update(from, 5);
        session.rest();
    }

    /** Each time another call: nothing that is there was never copied, and nothing is there that counts as missing. */
    @Test
    void wantOfJavasMemoryLeavesNothingHalfMade() {
        try (Arena arena = Arena.ofConfined()) {
            HostBlocks from = blocksAt(arena.allocate(SHAPE.blockBytes() + SHAPE.sketchBytes(), 64).address());
            DeviceSession whole = open();
            long before = device.calls();
            work(whole, from);
            int calls = Math.toIntExact(device.calls() - before);
            assertThat(whole.heldBlocks()).isEqualTo(5);
            whole.close();
            for (int after = 0; after < calls; after++) {
                DeviceSession session = open();
                device.runOutAfter(after);
                assertThatExceptionOfType(OutOfMemoryError.class).as("after %s calls", after)
                        .isThrownBy(() -> work(session, from));
                isGone(session, from);
            }
            assertThat(calls).isGreaterThan(10);
        }
        assertThat(device.isClosed()).as("others may come").isFalse();
    }

    private void isGone(DeviceSession session, HostBlocks from) {
        assertThat(session.heldBlocks()).isZero();
        assertThat(session.layer(0).holdsAny()).isFalse();
        assertThat(session.bytes()).isZero();
        assertThat(budget.reserved()).as("left over").isZero();
        work(session, from); // it goes on without the device
        assertThat(session.heldBlocks()).isZero();
        session.close();
    }
}
