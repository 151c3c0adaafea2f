package io.alisa.cuda;

import io.alisa.device.DeviceShape;

/**
 * What the launches of a selection leave for each other, in one piece of device memory that grows with the context. Owned
 * by one session.
 *
 * <pre>
 *  +------+---------+-----------+------------+------------+------+------------+
 *  | work | tickets | estimates | importance | candidates | mass | references |
 *  +------+---------+-----------+------------+------------+------+------------+
 *   zero between steps
 * </pre>
 */
final class SelectScratch {
    private static final long ALIGNMENT = 256;

    private final Driver driver;
    private final DeviceShape shape;
    private final Buffer memory;
    private int ticketCount;
    private int blocks;
    private boolean zeroed;

    SelectScratch(Driver driver, Buffer memory, DeviceShape shape) {
        this.driver = driver;
        this.memory = memory;
        this.shape = shape;
    }

    /**
     * Sees to it that there is room for that many blocks. Returns false where there is not.
     *
     * @param tickets that a launch takes at most: the same each time
     */
    boolean reserve(int wanted, int maxBlocks, int tickets) {
        if (wanted <= blocks) {
            return true;
        }
        blocks = 0;
        zeroed = false;
        ticketCount = tickets;
        int ample = Math.min(maxBlocks, Geometry.BLOCK_TOKENS * (1 + wanted / Geometry.BLOCK_TOKENS * 5 / 4));
        for (int size = Math.max(wanted, ample); blocks == 0; size = wanted) {
            if (memory.reserve(end(size))) {
                blocks = size;
            } else if (size == wanted) {
                return false;
            }
        }
        return true;
    }

    /** Zeroes what the launches of a step leave at zero, unless those of the last one do. */
    void zero(Driver.Stream stream) {
        if (!zeroed) {
            driver.zero(memory.memory(), ticketsAt() + 4L * ticketCount, stream);
        }
        zeroed = false; // some of them may find no room
    }

    /** Says that all launches of the step are under way. */
    void leaveAtZero() {
        zeroed = true;
    }

    int tokenStride() {
        return blocks * Geometry.BLOCK_TOKENS;
    }

    private static long align(long offset) {
        return (offset + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    }

    private long ticketsAt() {
        return align(4L * shape.kvHeads() * Geometry.selectWorkWords(shape.groupSize()));
    }

    private long estimatesAt() {
        return align(ticketsAt() + 4L * ticketCount);
    }

    private long importanceAt(int size) {
        return estimatesAt() + (long) shape.rows(1) * size * Geometry.BLOCK_TOKENS * Float.BYTES;
    }

    private long candidatesAt(int size) {
        return importanceAt(size) + (long) shape.kvHeads() * size * Geometry.BLOCK_TOKENS * Float.BYTES;
    }

    private long massAt(int size) {
        return candidatesAt(size) + (long) shape.kvHeads() * size * Geometry.BLOCK_TOKENS * Long.BYTES;
    }

    /** A word per block, and one for the newest. */
    private long referencesAt(int size) {
        return align(massAt(size) + (long) shape.rows(1) * (size + 1) * Float.BYTES);
    }

    private long end(int size) {
        return referencesAt(size) + (long) shape.rows(1) * Float.BYTES;
    }

    long work() {
        return memory.address();
    }

    long tickets() {
        return memory.address() + ticketsAt();
    }

    long estimates() {
        return memory.address() + estimatesAt();
    }

    long importance() {
        return memory.address() + importanceAt(blocks);
    }

    long candidates() {
        return memory.address() + candidatesAt(blocks);
    }

    long mass() {
        return memory.address() + massAt(blocks);
    }

    long references() {
        return memory.address() + referencesAt(blocks);
    }

    long bytes() {
        return memory.bytes();
    }

    void close() {
        blocks = 0;
        zeroed = false;
        memory.close();
    }
}
