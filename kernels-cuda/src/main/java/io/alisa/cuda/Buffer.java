package io.alisa.cuda;

import io.alisa.tier.MemoryAccount;
import org.jspecify.annotations.Nullable;

/** Memory of a device that one session uses for itself, as large as was needed most. Owned by the session. */
final class Buffer implements AutoCloseable {
    private final Driver driver;
    private final MemoryAccount account;
    private Driver.@Nullable Memory memory;

    Buffer(Driver driver, MemoryAccount account) {
        this.driver = driver;
        this.account = account;
    }

    /**
     * Sees to it that there are so many bytes, whatever they hold. Nothing may be using what there was. Returns false where
     * there is no room.
     */
    boolean reserve(long bytes) {
        if (bytes <= bytes()) {
            return true;
        }
        free();
        if (!account.tryReserve(bytes)) {
            return false;
        }
        Driver.Memory taken = null;
        try {
            taken = driver.allocate(bytes);
        } finally {
            if (taken == null) {
                account.release(bytes);
            }
        }
        memory = taken;
        return taken != null;
    }

    /** What was reserved. */
    Driver.Memory memory() {
        Driver.Memory there = memory;
        if (there == null) {
            throw new IllegalStateException("Nothing is reserved");
        }
        return there;
    }

    long address() {
        return memory().address();
    }

    long bytes() {
        return memory == null ? 0 : memory.bytes();
    }

    private void free() {
        Driver.Memory there = memory;
        if (there != null) {
            memory = null;
            account.release(there.bytes());
            driver.free(there);
        }
    }

    @Override
    public void close() {
        Quietly.run(this::free);
    }
}
