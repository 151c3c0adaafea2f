package io.alisa.cuda;

import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;

/** Memory of this machine that kernels read where it lies: that of all sessions. Thread-safe. Throws nothing. */
final class PinnedRanges implements AutoCloseable {
    private final Driver driver;
    /** Sizes by addresses. */
    private final ConcurrentSkipListMap<Long, Long> ranges = new ConcurrentSkipListMap<>();

    PinnedRanges(Driver driver) {
        this.driver = driver;
    }

    /** See {@link io.alisa.device.Device#pin}. */
    void pin(long address, long bytes) {
        Quietly.run(() -> {
            try (var _ = driver.attach()) {
                register(address, bytes);
            } catch (OutOfMemoryError e) {
                // Java's: what lies there is copied another way
            }
        });
    }

    private void register(long address, long bytes) {
        if (driver.register(address, bytes)) {
            boolean noted = false;
            try {
                ranges.put(address, bytes);
                noted = true;
            } finally {
                if (!noted) {
                    driver.unregister(address); // nobody would do that later
                }
            }
        }
    }

    /** See {@link io.alisa.device.Device#unpin}. */
    void unpin(long address) {
        if (ranges.remove(address) != null) {
            Quietly.attached(driver, () -> Quietly.run(() -> driver.unregister(address)));
        }
    }

    /** Whether all of a piece of memory is there. */
    boolean contain(long address, long bytes) {
        Map.Entry<Long, Long> range = ranges.floorEntry(address);
        return range != null && address + bytes <= range.getKey() + range.getValue();
    }

    /** Undoes all that was pinned, as far as a lost device still can. */
    @Override
    public void close() {
        ranges.keySet().forEach(this::unpin);
    }
}
