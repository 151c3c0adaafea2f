package io.alisa.cuda;

import java.lang.foreign.MemorySegment;

/**
 * Pinned memory through which blocks go to the device: while one is being copied the next is filled. All sessions share
 * it and its stream. Thread-safe.
 */
final class StagingRing implements AutoCloseable {
    private static final int SLOTS = 8;
    private static final long SLOT_BYTES = 1 << 20;

    private final Driver driver;
    private final Driver.Stream stream;
    private final Driver.Pinned[] slots = new Driver.Pinned[SLOTS];
    private final Driver.Event[] copied = new Driver.Event[SLOTS];
    private int made;
    private int next;

    StagingRing(Driver driver) {
        this.driver = driver;
        this.stream = driver.createStream();
        boolean complete = false;
        try {
            for (; made < SLOTS; made++) {
                slots[made] = driver.allocatePinned(SLOT_BYTES);
                copied[made] = driver.createEvent();
            }
            complete = true;
        } finally {
            if (!complete) {
                close();
            }
        }
    }

    /**
     * Copies memory of this machine, which is read before this returns.
     *
     * @param address where it is
     * @param done    marks that it has arrived
     */
    @SuppressWarnings("restricted") // blocks are known by their addresses
    synchronized void copy(long address, long bytes, Driver.Memory to, long toOffset, Driver.Event done) {
        MemorySegment source = MemorySegment.ofAddress(address).reinterpret(bytes);
        for (long from = 0; from < bytes; from += SLOT_BYTES) {
            long part = Math.min(SLOT_BYTES, bytes - from);
            driver.synchronize(copied[next]);
            MemorySegment.copy(source, from, slots[next].segment(), 0, part);
            driver.copyToDevice(to, toOffset + from, slots[next], 0, part, stream);
            driver.record(copied[next], stream);
            next = (next + 1) % SLOTS;
        }
        driver.record(done, stream);
    }

    @Override
    public synchronized void close() {
        for (int i = 0; i < SLOTS; i++) {
            Driver.Pinned slot = slots[i];
            Driver.Event event = copied[i];
            if (slot != null) {
                Quietly.run(() -> driver.freePinned(slot));
            }
            if (event != null) {
                Quietly.run(() -> driver.destroy(event));
            }
        }
        Quietly.run(() -> driver.destroy(stream));
    }
}
