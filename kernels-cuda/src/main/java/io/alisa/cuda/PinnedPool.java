package io.alisa.cuda;

import io.alisa.tier.MemoryBudget;
import org.jspecify.annotations.Nullable;

/** Pinned memory, under the cap of RAM like all else. Thread-safe. */
final class PinnedPool {
    private final Driver driver;
    private final MemoryBudget ram;

    PinnedPool(Driver driver, MemoryBudget ram) {
        this.driver = driver;
        this.ram = ram;
    }

    /** Bytes that all memory of this machine may take together. */
    long cap() {
        return ram.cap();
    }

    /** Takes memory; null where the cap or the machine leaves no room. */
    Driver.@Nullable Pinned take(long bytes) {
        if (!ram.setAside(bytes)) {
            return null;
        }
        Driver.Pinned taken = null;
        try {
            taken = driver.allocatePinned(bytes);
            return taken;
        } finally {
            if (taken == null) {
                ram.giveBackAside(bytes);
            }
        }
    }

    void give(Driver.Pinned memory) {
        ram.giveBackAside(memory.segment().byteSize());
        driver.freePinned(memory);
    }
}
