package io.alisa.cuda;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

import io.alisa.config.Setting;
import io.alisa.device.DeviceFullException;
import io.alisa.memory.OffHeap;
import io.alisa.parallel.Job;
import io.alisa.parallel.WorkerTeam;
import io.alisa.units.ByteSize;

/**
 * Pinned memory through which blocks go to the device that lie where they can't be pinned themselves, see
 * {@link DirectCopies}: while one half is being copied there the team fills the other, for a single thread copies several times
 * slower than the link does.
 *
 * <p>All sessions share it and its stream. Thread-safe.
 */
final class StagingRing implements AutoCloseable {
    private static final int SLOTS = 4;
    private static final int SLOTS_AT_ONCE = SLOTS / 2;
    /** A link of 55 GB/s has 48 left in copies of 1 MiB, 53 in copies of 4. */
    private static final long SLOT_BYTES = 4 << 20;
    /** Copies of that size leave half of the link unused, smaller ones more. */
    private static final long LEAST_SLOT_BYTES = 1 << 17;
    /** One byte of so many of the cap of RAM at most: it is there for KV. */
    private static final int PART_OF_CAP = 16;
    /** What a thread fills in one go. */
    private static final long PART_BYTES = 1 << 17;
    private static final int PARTS_AT_ONCE = 256;

    private final Driver driver;
    private final PinnedPool pool;
    private final WorkerTeam team;
    private final Driver.Stream stream;
    private final List<Slot> slots = new ArrayList<>();
    private final Job fill = this::fill;
    private long slotBytes;
    /** The slot that is filled next. */
    private int next;

    // The parts of the round at hand: a piece of RAM each, its place in a slot and its place on the device.
    private final long[] sources = new long[PARTS_AT_ONCE];
    private final long[] sizes = new long[PARTS_AT_ONCE];
    private final int[] slotOf = new int[PARTS_AT_ONCE];
    private final long[] slotOffsets = new long[PARTS_AT_ONCE];
    private final Driver.Memory[] targets = new Driver.Memory[PARTS_AT_ONCE];
    private final long[] targetOffsets = new long[PARTS_AT_ONCE];
    private int parts;
    /** The piece that the round at hand goes on with, and how much of it was taken. */
    private int piece;
    private long taken;

    /** @param copied marks that what was in there last has arrived */
    private record Slot(Driver.Pinned memory, Driver.Event copied) {
    }

    /** Throws where the cap of RAM is too small. */
    StagingRing(Driver driver, PinnedPool pool, WorkerTeam team) {
        this.driver = driver;
        this.pool = pool;
        this.team = team;
        this.slotBytes = slotBytes(pool.cap());
        this.stream = driver.createStream();
        boolean complete = false;
        try {
            while (slots.size() < SLOTS) {
                make();
            }
            complete = true;
        } finally {
            if (!complete) {
                close();
            }
        }
    }

    private static long slotBytes(long cap) {
        long most = cap / PART_OF_CAP / SLOTS;
        if (most < LEAST_SLOT_BYTES) {
            throw new DeviceFullException("a cap of RAM of " + ByteSize.format(cap)
                    + " is too small to copy to a device through pinned memory, which may take a sixteenth of it: raise "
                    + Setting.MEMORY_FAST.key() + " to " + ByteSize.format(LEAST_SLOT_BYTES * SLOTS * PART_OF_CAP));
        }
        return Math.min(SLOT_BYTES, Long.highestOneBit(most));
    }

    /** Makes one slot; where there is no room it begins anew with smaller ones. */
    private void make() {
        Driver.Pinned memory = pool.take(slotBytes);
        if (memory != null) {
            boolean made = false;
            try {
                slots.add(new Slot(memory, driver.createEvent()));
                made = true;
            } finally {
                if (!made) {
                    Quietly.run(() -> pool.give(memory));
                }
            }
        } else if (slotBytes > LEAST_SLOT_BYTES) {
            giveSlots();
            slotBytes /= 2;
        } else {
            throw new DeviceFullException("what is held of the cap of RAM, or of the machine's, leaves no room for "
                    + ByteSize.format(SLOTS * LEAST_SLOT_BYTES) + " of pinned memory: raise "
                    + Setting.MEMORY_FAST.key() + ", or free RAM");
        }
    }

    /**
     * Copies memory of this machine, which is read before this returns.
     *
     * @param done marks that all that was started has arrived, also where this throws
     */
    synchronized void copy(Uploads uploads, Driver.Event done) {
        piece = 0;
        taken = 0;
        try {
            while (piece < uploads.count()) {
                plan(uploads);
                team.run(fill, parts);
                send();
            }
        } finally {
            driver.record(done, stream);
        }
    }

    /** Puts as much as fits into half of the slots, piece behind piece. */
    private void plan(Uploads uploads) {
        parts = 0;
        for (int used = 0; used < SLOTS_AT_ONCE && piece < uploads.count() && parts < PARTS_AT_ONCE; used++) {
            driver.synchronize(slots.get(next).copied());
            long offset = 0;
            while (offset < slotBytes && piece < uploads.count() && parts < PARTS_AT_ONCE) {
                SlabPool.Place place = uploads.place(piece);
                long size = Math.min(Math.min(PART_BYTES, slotBytes - offset), place.blockBytes() - taken);
                sources[parts] = uploads.source(piece) + taken;
                sizes[parts] = size;
                slotOf[parts] = next;
                slotOffsets[parts] = offset;
                targets[parts] = place.memory();
                targetOffsets[parts] = place.offset() + taken;
                parts++;
                offset += size;
                taken += size;
                if (taken == place.blockBytes()) {
                    piece++;
                    taken = 0;
                }
            }
            next = (next + 1) % SLOTS;
        }
    }

    private void fill(int part, int worker) {
        MemorySegment.copy(OffHeap.ALL, sources[part], slots.get(slotOf[part]).memory().segment(), slotOffsets[part],
                sizes[part]);
    }

    /** Copies the parts, neighbours at once. */
    private void send() {
        for (int part = 0; part < parts;) {
            int first = part;
            long bytes = sizes[part++];
            while (part < parts && slotOf[part] == slotOf[first] && targets[part].equals(targets[first])
                    && targetOffsets[part] == targetOffsets[first] + bytes) {
                bytes += sizes[part++];
            }
            Slot slot = slots.get(slotOf[first]);
            driver.copyToDevice(targets[first], targetOffsets[first], slot.memory(), slotOffsets[first], bytes, stream);
            if (part == parts || slotOf[part] != slotOf[first]) {
                driver.record(slot.copied(), stream);
            }
        }
    }

    private void giveSlots() {
        for (Slot slot : slots) {
            Quietly.run(() -> pool.give(slot.memory()));
            Quietly.run(() -> driver.destroy(slot.copied()));
        }
        slots.clear();
    }

    @Override
    public synchronized void close() {
        Quietly.run(() -> driver.synchronize(stream)); // it reads the slots
        giveSlots();
        Quietly.run(() -> driver.destroy(stream));
    }
}
