package io.alisa.cache;

import org.jspecify.annotations.Nullable;

/** F32 blocks that a batch needs while it is worked on. Used under the session's lock. */
final class Staging {
    private final long blockBytes;
    private final KvRoom room;
    private @Nullable HeldBytes held;
    private long address;
    private int blocks;

    Staging(KvLayout layout, KvRoom room) {
        blockBytes = layout.blockBytes();
        this.room = room;
    }

    /** Over memory that belongs to somebody else, enough for every batch. */
    Staging(KvLayout layout, KvRoom room, long address, int blocks) {
        this(layout, room);
        this.address = address;
        this.blocks = blocks;
    }

    /** Makes room for {@code count} blocks; none gives the memory back. */
    void reserve(int count) {
        if (count == 0) {
            release();
        } else if (count > blocks) {
            release();
            HeldBytes fresh = room.hold(count * blockBytes);
            held = fresh;
            address = fresh.address();
            blocks = count;
        }
    }

    long block(int index) {
        return address + index * blockBytes;
    }

    void release() {
        HeldBytes existing = held;
        if (existing != null) {
            held = null;
            blocks = 0;
            existing.close();
        }
    }
}
