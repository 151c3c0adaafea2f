package io.alisa.cache;

import java.nio.ByteBuffer;

import io.alisa.memory.OffHeap;
import io.alisa.memory.Region;
import io.alisa.tier.Pinning;

/** Off-heap memory that a session holds: its account gets it back when this is closed. Used under the session's lock. */
final class HeldBytes implements AutoCloseable {
    private final KvRoom room;
    private final Region region = new Region();
    private final long address;
    private final long bytes;
    private final Pinning pinning;

    /**
     * @param bytes   are reserved already
     * @param pinning pins them as long as they are held
     * @throws OutOfMemoryError where the system has none; nothing is kept then
     */
    HeldBytes(KvRoom room, long bytes, Pinning pinning) {
        this.room = room;
        this.bytes = bytes;
        this.pinning = pinning;
        boolean there = false;
        try {
            address = region.allocate(bytes, pinning.alignment());
            there = true;
        } finally {
            if (!there) {
                region.close();
            }
        }
        pinning.pin(address, bytes);
    }

    /** Address of the bytes, zeroed at first; valid until this is closed. */
    long address() {
        return address;
    }

    ByteBuffer buffer() {
        return OffHeap.bytes(address, bytes);
    }

    /** Not twice. */
    @Override
    public void close() {
        pinning.unpin(address);
        region.close();
        room.release(bytes);
    }
}
