package io.alisa.cuda;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

import io.alisa.tier.MemoryAccount;
import org.jspecify.annotations.Nullable;

/**
 * Device memory for blocks. The driver gives memory in large pieces and slowly: blocks of one size share slabs, which
 * grow as there are more. A slab that is empty goes back.
 *
 * <p>Thread-safe. The thread that asks must have attached.
 */
final class SlabPool implements AutoCloseable {
    /** The driver rounds to so much anyway. */
    private static final long SMALLEST_SLAB = 2 << 20;
    private static final long LARGEST_SLAB = 64 << 20;

    private final Driver driver;
    private final MemoryAccount account;
    private final Map<Long, List<Slab>> slabs = new HashMap<>();

    /** @param account is asked before memory is taken */
    SlabPool(Driver driver, MemoryAccount account) {
        this.driver = driver;
        this.account = account;
    }

    /** Memory for some blocks. */
    private static final class Slab {
        final Driver.Memory memory;
        final int[] free;
        int freeCount;

        Slab(Driver.Memory memory, int blocks) {
            this.memory = memory;
            this.free = new int[blocks];
            for (int i = 0; i < blocks; i++) {
                free[i] = blocks - 1 - i;
            }
            freeCount = blocks;
        }
    }

    /**
     * Memory for a block.
     *
     * @param index of the block in its slab
     */
    record Place(Driver.Memory memory, Object slab, int index, long blockBytes) {
        long offset() {
            return index * blockBytes;
        }

        long address() {
            return memory.address() + offset();
        }
    }

    /** Takes memory for a block; null where there is none. */
    synchronized @Nullable Place take(long blockBytes) {
        List<Slab> ofSize = slabs.computeIfAbsent(blockBytes, bytes -> new ArrayList<>());
        for (int i = ofSize.size() - 1; i >= 0; i--) {
            if (ofSize.get(i).freeCount > 0) {
                return place(ofSize.get(i), blockBytes);
            }
        }
        Slab slab = grow(blockBytes, ofSize);
        return slab == null ? null : place(slab, blockBytes);
    }

    private static Place place(Slab slab, long blockBytes) {
        return new Place(slab.memory, slab, slab.free[--slab.freeCount], blockBytes);
    }

    /** The more slabs there are the larger is the next; a smaller one where there is no room for that. */
    private @Nullable Slab grow(long blockBytes, List<Slab> ofSize) {
        long wanted = Math.min(LARGEST_SLAB, SMALLEST_SLAB << Math.min(ofSize.size(), 5));
        for (long blocks = Math.max(1, wanted / blockBytes); blocks >= 1; blocks /= 2) {
            long bytes = blocks * blockBytes;
            Slab slab = account.tryReserve(bytes) ? fill(ofSize, bytes, Math.toIntExact(blocks)) : null;
            if (slab != null) {
                return slab;
            }
        }
        return null;
    }

    /** Takes what was reserved. All of it goes back where the driver has no room, or Java none to take note of it. */
    private @Nullable Slab fill(List<Slab> ofSize, long bytes, int blocks) {
        Driver.Memory memory = null;
        boolean taken = false;
        try {
            memory = driver.allocate(bytes);
            if (memory == null) {
                return null;
            }
            Slab slab = new Slab(memory, blocks);
            ofSize.add(slab);
            taken = true;
            return slab;
        } finally {
            if (!taken) {
                giveBack(memory, bytes);
            }
        }
    }

    private void giveBack(Driver.@Nullable Memory memory, long bytes) {
        account.release(bytes);
        if (memory != null) {
            driver.free(memory);
        }
    }

    /** Gives a block's memory back. */
    synchronized void give(Place place) {
        Slab slab = (Slab) place.slab();
        slab.free[slab.freeCount++] = place.index();
        if (slab.freeCount == slab.free.length) {
            List<Slab> ofSize = slabs.get(place.blockBytes());
            if (ofSize == null || !ofSize.remove(slab)) {
                throw new IllegalArgumentException("A block is given back to a pool that it is not from");
            }
            giveBack(slab.memory, slab.memory.bytes());
        }
    }

    /** Gives everything back, as far as a lost device still can. */
    @Override
    public synchronized void close() {
        slabs.values().forEach(ofSize -> ofSize.forEach(slab -> {
            account.release(slab.memory.bytes());
            Quietly.run(() -> driver.free(slab.memory));
        }));
        slabs.clear();
    }
}
