package io.alisa.cuda;

import java.lang.foreign.ValueLayout;

import io.alisa.device.DeviceLostException;
import io.alisa.tier.MemoryAccount;
import org.jspecify.annotations.Nullable;

/**
 * Where the blocks of a layer are on the device: a list of addresses there, 0 for those that are not, and the same here.
 * What changed goes to the device before the next launch. Owned by one session.
 */
final class LayerTable {
    private final Driver driver;
    private final SlabPool.@Nullable Place[] places;
    private final Buffer table;
    private Driver.@Nullable Pinned mirror;
    private Driver.@Nullable Event arrived;
    /** Blocks were copied since the last launch. */
    private boolean uploading;
    private int changedFrom = Integer.MAX_VALUE;
    private int changedTo;

    LayerTable(Driver driver, MemoryAccount account, int maxBlocks) {
        this.driver = driver;
        this.places = new SlabPool.@Nullable Place[maxBlocks];
        this.table = new Buffer(driver, account);
    }

    /** Takes memory. Returns false where there is no room. */
    boolean open(Driver.Stream stream) {
        long bytes = (long) places.length * Long.BYTES;
        if (!table.reserve(bytes)) {
            return false;
        }
        driver.zero(table.memory(), bytes, stream);
        Driver.Pinned pinned = driver.allocatePinned(bytes);
        mirror = pinned;
        pinned.segment().fill((byte) 0);
        arrived = driver.createEvent();
        return true;
    }

    private Driver.Pinned mirror() {
        Driver.Pinned there = mirror;
        if (there == null) {
            throw new DeviceLostException("a layer's table is closed");
        }
        return there;
    }

    /** Marks that the last block that was set has arrived. */
    Driver.Event arrived() {
        Driver.Event there = arrived;
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

    /** Says where a block is going to be. */
    void set(int block, SlabPool.Place place) {
        if (places[block] != null) {
            throw new IllegalStateException("Block " + block + " is on the device already");
        }
        places[block] = place;
        write(block, place.address());
        uploading = true;
    }

    private void write(int block, long address) {
        mirror().segment().setAtIndex(ValueLayout.JAVA_LONG, block, address);
        changedFrom = Math.min(changedFrom, block);
        changedTo = Math.max(changedTo, block + 1);
    }

    /** Gives the memory of the blocks from one on back. Returns how many there were. */
    int forget(int firstBlock, SlabPool pool) {
        int count = 0;
        for (int block = firstBlock; block < places.length; block++) {
            SlabPool.Place place = places[block];
            if (place != null) {
                places[block] = null;
                write(block, 0);
                pool.give(place);
                count++;
            }
        }
        return count;
    }

    /** Has a stream wait for the blocks, and copies what changed. */
    void bringUpToDate(Driver.Stream stream) {
        if (uploading) {
            driver.waitFor(stream, arrived());
            uploading = false;
        }
        if (changedFrom < changedTo) {
            long offset = (long) changedFrom * Long.BYTES;
            driver.copyToDevice(table.memory(), offset, mirror(), offset, (long) (changedTo - changedFrom) * Long.BYTES,
                    stream);
            changedFrom = Integer.MAX_VALUE;
            changedTo = 0;
        }
    }

    /** Gives everything back, as far as a lost device still can. */
    void close(SlabPool pool) {
        for (int block = 0; block < places.length; block++) {
            SlabPool.Place place = places[block];
            if (place != null) {
                places[block] = null;
                Quietly.run(() -> pool.give(place));
            }
        }
        table.close();
        Driver.Pinned pinned = mirror;
        Driver.Event event = arrived;
        mirror = null;
        arrived = null;
        if (pinned != null) {
            Quietly.run(() -> driver.freePinned(pinned));
        }
        if (event != null) {
            Quietly.run(() -> driver.destroy(event));
        }
    }
}
