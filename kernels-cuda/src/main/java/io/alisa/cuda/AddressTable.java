package io.alisa.cuda;

import java.lang.foreign.ValueLayout;

import io.alisa.device.DeviceLostException;
import io.alisa.device.Placement;
import org.jspecify.annotations.Nullable;

/**
 * Where equal pieces are on the device: a list of addresses there, 0 for those that are not, and the same here. What changed
 * goes to the device before the next launch. Owned by one session.
 */
final class AddressTable {
    private final Driver driver;
    private final PinnedPool pinnedPool;
    private final SlabPool.@Nullable Place[] places;
    private final Buffer table;
    private Driver.@Nullable Pinned mirror;
    private int changedFrom = Integer.MAX_VALUE;
    private int changedTo;

    AddressTable(CudaDevice device, int entries) {
        this.driver = device.driver();
        this.pinnedPool = device.pinned();
        this.places = new SlabPool.@Nullable Place[entries];
        this.table = new Buffer(driver, device.account());
    }

    /** Takes memory, unless it has some. */
    Placement open(Driver.Stream stream) {
        long bytes = (long) places.length * Long.BYTES;
        if (mirror != null) {
            return Placement.DONE;
        }
        if (!table.reserve(bytes)) {
            return Placement.FULL;
        }
        driver.zero(table.memory(), bytes, stream);
        Driver.Pinned pinned = pinnedPool.take(bytes);
        if (pinned == null) {
            return Placement.REFUSED;
        }
        mirror = pinned;
        pinned.segment().fill((byte) 0);
        changedFrom = Integer.MAX_VALUE;
        changedTo = 0;
        return Placement.DONE;
    }

    private Driver.Pinned mirror() {
        Driver.Pinned there = mirror;
        if (there == null) {
            throw new DeviceLostException("a layer's table is closed");
        }
        return there;
    }

    long address() {
        return table.address();
    }

    long bytes() {
        return table.bytes();
    }

    SlabPool.@Nullable Place place(int entry) {
        return places[entry];
    }

    /** Says where a piece is going to be. */
    void set(int entry, SlabPool.Place place) {
        if (places[entry] != null) {
            throw new IllegalStateException("Block " + entry + " is on the device already");
        }
        places[entry] = place;
        write(entry, place.address());
    }

    private void write(int entry, long address) {
        mirror().segment().setAtIndex(ValueLayout.JAVA_LONG, entry, address);
        changedFrom = Math.min(changedFrom, entry);
        changedTo = Math.max(changedTo, entry + 1);
    }

    /** Gives the memory of the pieces from one on back. Returns how many bytes that were. */
    long forget(int first, SlabPool pool) {
        long bytes = 0;
        for (int entry = first; entry < places.length; entry++) {
            SlabPool.Place place = places[entry];
            if (place != null) {
                places[entry] = null;
                write(entry, 0);
                pool.give(place);
                bytes += place.blockBytes();
            }
        }
        return bytes;
    }

    /** Copies what changed. */
    void bringUpToDate(Driver.Stream stream) {
        if (changedFrom < changedTo) {
            long offset = (long) changedFrom * Long.BYTES;
            driver.copyToDevice(table.memory(), offset, mirror(), offset, (long) (changedTo - changedFrom) * Long.BYTES,
                    stream);
            changedFrom = Integer.MAX_VALUE;
            changedTo = 0;
        }
    }

    /** Gives everything back, as far as a lost device still can. It may be opened again. */
    void close(SlabPool pool) {
        for (int entry = 0; entry < places.length; entry++) {
            SlabPool.Place place = places[entry];
            if (place != null) {
                places[entry] = null;
                Quietly.run(() -> pool.give(place));
            }
        }
        table.close();
        Driver.Pinned pinned = mirror;
        mirror = null;
        if (pinned != null) {
            Quietly.run(() -> pinnedPool.give(pinned));
        }
    }
}
