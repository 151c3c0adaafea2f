package io.alisa.cache;

import java.util.Arrays;

/**
 * Which blocks a layer has, and where in RAM they are. One that is not there is in the session's file, or it is deleted: it
 * must be computed again before it is read. Used under the session's lock.
 */
final class BlockTable {
    /** Steps over which the use of a block is averaged, about. */
    private static final float USE_MEMORY = 16;
    /** Blocks by which the table grows at least. */
    private static final int LEAST = 16;

    private final int maxBlocks;
    private final boolean move;
    /** As long as there are blocks, about: most conversations are far shorter than a model's longest. */
    private long[] addresses = {};
    /** How much a block was attended lately. */
    private float[] use = {};
    private boolean[] deleted = {};
    private int count;
    private int away;
    private int deletedCount;

    /** @param move whether blocks ever leave RAM */
    BlockTable(int maxBlocks, boolean move) {
        this.maxBlocks = maxBlocks;
        this.move = move;
    }

    private void grow() {
        int length = Math.min(maxBlocks, Growth.of(addresses.length, count + LEAST));
        // All copies are made before one is kept: where the heap has no room for them, the table is as it was.
        long[] longer = Arrays.copyOf(addresses, length);
        if (move) {
            float[] longerUse = Arrays.copyOf(use, length);
            deleted = Arrays.copyOf(deleted, length);
            use = longerUse;
        }
        addresses = longer;
    }

    /** Blocks that there is room for, on the heap. */
    int capacity() {
        return addresses.length;
    }

    int maxBlocks() {
        return maxBlocks;
    }

    int count() {
        return count;
    }

    /** Address of a block; 0 where it is not in RAM. */
    long address(int block) {
        return block < addresses.length ? addresses[block] : 0;
    }

    /** Without the lock it may be what was a moment ago. */
    boolean isAllResident() {
        return away == 0;
    }

    /** Adds a block behind the others. */
    void add(long address) {
        if (count == addresses.length) {
            grow();
        }
        addresses[count++] = address;
        away += address == 0 ? 1 : 0;
    }

    /** Takes over the first blocks of another table, where they are; this one is empty. */
    void addAll(BlockTable from, int blocks) {
        for (int block = 0; block < blocks; block++) {
            add(from.addresses[block]);
        }
    }

    /** Says that a block is at an address now, or that it is not in RAM, 0. */
    void place(int block, long address) {
        away += (addresses[block] == 0 ? -1 : 0) + (address == 0 ? 1 : 0);
        addresses[block] = address;
    }

    /** Forgets the last block, wherever it is. */
    void removeLast() {
        count--;
        if (isDeleted(count)) {
            deleted[count] = false;
            deletedCount--;
        }
        away -= addresses[count] == 0 ? 1 : 0;
        addresses[count] = 0;
        if (move) {
            use[count] = 0; // the next there is another block
        }
    }

    void clear() {
        count = 0;
        away = 0;
        deletedCount = 0;
        Arrays.fill(deleted, false);
        Arrays.fill(use, 0);
        Arrays.fill(addresses, 0);
    }

    // ---- deleted blocks

    boolean isDeleted(int block) {
        return deletedCount > 0 && block < deleted.length && deleted[block];
    }

    /** Whether no block is deleted. */
    boolean isComplete() {
        return deletedCount == 0;
    }

    /** The first deleted block; the number of blocks where none is. */
    int firstDeleted() {
        int block = 0;
        while (block < count && !isDeleted(block)) {
            block++;
        }
        return block;
    }

    void delete(int block) {
        place(block, 0);
        deleted[block] = true;
        deletedCount++;
    }

    /** Says that a deleted block can be read at an address, for now or for good. */
    void bringBack(int block, long address) {
        place(block, address);
        deleted[block] = false;
        deletedCount--;
    }

    // ---- use

    /** How much of a block was attended lately, 0 to 1. */
    float use(int block) {
        return use[block];
    }

    /** Says that a share of a block's tokens was attended in a step. */
    void noteUse(int block, float share) {
        use[block] += (share - use[block]) / USE_MEMORY;
    }
}
