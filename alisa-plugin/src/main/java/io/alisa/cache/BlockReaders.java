package io.alisa.cache;

import java.util.ArrayList;
import java.util.List;

/**
 * What a session's workers read blocks with that are not in RAM. Their buffers are made when something is first in a file:
 * most sessions never come to that. Used under the session's lock; each reader by its worker.
 */
final class BlockReaders implements AutoCloseable {
    private final SlowTier slow;
    private final KvRoom room;
    private final int pieceBytes;
    private final List<BlockReader> readers = new ArrayList<>();
    private final BlockReader own;

    BlockReaders(KvLayout layout, SlowTier slow, KvRoom room) {
        this.slow = slow;
        this.room = room;
        this.pieceBytes = (int) (layout.format() == KvFormat.INT8 ? layout.headBytes() : 0);
        this.own = of(0);
    }

    /** The reader of a worker; the calling thread is worker 0. */
    BlockReader of(int worker) {
        while (readers.size() <= worker) {
            readers.add(new BlockReader(slow, pieceBytes));
        }
        return readers.get(worker);
    }

    int count() {
        return readers.size();
    }

    /** Whether there is a buffer to read with: from when something was read. */
    boolean canRead() {
        return own.hasStaging();
    }

    /** Bytes that buffers will take which are not there yet. */
    long missingBytes() {
        long bytes = 0;
        for (int i = 0; i < readers.size(); i++) { // by index: each step asks, and allocates nothing
            bytes += readers.get(i).hasStaging() ? 0 : own.stagingBytes();
        }
        return bytes;
    }

    /** Makes sure that every worker can read. */
    void prepare() {
        for (int i = 0; i < readers.size() && slow.isOpen(); i++) {
            prepare(readers.get(i));
        }
    }

    /** The calling thread's, which can read. */
    BlockReader own() {
        prepare(own);
        return own;
    }

    private void prepare(BlockReader reader) {
        if (!reader.hasStaging()) {
            reader.setStaging(room.hold(reader.stagingBytes()));
        }
    }

    /** What was read may have changed. */
    void forget() {
        for (int i = 0; i < readers.size(); i++) { // by index: a step back in the conversation must allocate nothing
            readers.get(i).forget();
        }
    }

    /** Gives the buffers back until something is read again. */
    @Override
    public void close() {
        for (BlockReader reader : readers) {
            reader.giveBackStaging();
        }
    }
}
