package io.alisa.cache;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicLong;

import io.alisa.memory.OffHeap;
import io.alisa.tier.BlockFile;
import io.alisa.tier.DamagedPieceException;
import io.alisa.tier.MemoryAccount;
import io.alisa.tier.PieceFile;
import io.alisa.tier.PieceReader;
import io.alisa.tier.ReadAhead;
import io.alisa.tier.ReadSpeed;
import org.jspecify.annotations.Nullable;

/**
 * A session's file, made when something is first to go there, and what is in it. Used under the session's lock; the numbers
 * by any thread.
 */
final class SlowTier implements AutoCloseable {
    private final KvLayout layout;
    private final KvMemory memory;
    private final int layers;
    private final int maxBlocks;
    private final ReadSpeed speed = new ReadSpeed();
    /** {@code [kvHead]}: a bit per block that is to be read ahead. */
    private final long[][] wanted;
    private final AtomicLong loadedBytes = new AtomicLong();
    private final AtomicLong readNanos = new AtomicLong();
    private volatile @Nullable PieceFile file;
    /** Whose file has a block of another session; as many as there are such blocks. */
    private SlowTier[] lenders = {};
    /** The first block that is damaged for good, for all who read it here; a large number where none is. */
    private volatile int wholeBlocks = Integer.MAX_VALUE;
    private boolean idle;
    private State state = State.OPEN;
    /** Why something could not be stored; empty where it could. */
    private String why = "";

    /** Whether something can be stored. */
    private enum State {
        OPEN,
        /** Not at that moment: there was no room, or no file could be made. It is tried again. */
        FULL,
        /** Never again, for writing failed, or all reading did: what is in the file is read where it can be. */
        BROKEN
    }

    SlowTier(KvLayout layout, KvMemory memory, int layers, int maxBlocks) {
        this.layout = layout;
        this.memory = memory;
        this.layers = layers;
        this.maxBlocks = maxBlocks;
        this.wanted = new long[layout.kvHeads()][(maxBlocks + Long.SIZE - 1) / Long.SIZE];
    }

    /** Why the last block that was to be stored could not be; null where it could. */
    @Nullable
    String objection() {
        return state == State.OPEN ? null : why;
    }

    /** Says that nothing of what is in the file can be read: what went there would be lost as well. */
    void giveUp(DamagedPieceException because) {
        Throwable cause = because.getCause();
        refuse(State.BROKEN, "its file can't be read, " + (cause == null ? because : cause).getMessage());
    }

    private boolean refuse(State as, String because) {
        state = as;
        why = because;
        return false;
    }

    /** Whether a block can still take the place of one that is not there any more. */
    boolean canStore() {
        return file != null && state != State.BROKEN;
    }

    /** How many blocks would find room in the file, as far as is known. */
    long freeBlocks() {
        PieceFile existing = file;
        if (state == State.BROKEN || (existing == null && state == State.FULL)) {
            return 0;
        }
        long blockBytes = layout.kvHeads() * layout.headBytes();
        long regionBytes = blockBytes * PieceFile.RUN;
        return existing == null
                ? memory.slow().free() / regionBytes * PieceFile.RUN
                : (existing.freeBytes() + existing.growthBytes()) / blockBytes;
    }

    /** Bytes of the file that blocks take: places of others that are no more are as good as new ones. */
    long usedBytes() {
        PieceFile existing = file;
        return existing == null ? 0 : existing.bytes() - existing.freeBytes();
    }

    /** Whether something may have to be read. */
    boolean isOpen() {
        return file != null || lenders.length > 0;
    }

    /** Says that the first blocks are another session's, and wherever that one has them. */
    void borrow(SlowTier from, int blocks) {
        SlowTier[] all = new SlowTier[blocks];
        Arrays.fill(all, from);
        System.arraycopy(from.lenders, 0, all, 0, Math.min(blocks, from.lenders.length));
        lenders = all;
    }

    /** Says whether nobody uses the session. */
    void setIdle(boolean value) {
        idle = value;
        PieceFile existing = file;
        if (existing != null) {
            existing.setIdle(value);
        }
    }

    private SlowTier ownerOf(int block) {
        return block < lenders.length ? lenders[block] : this;
    }

    /** Says that a block is damaged for good. Whoever shares it finds the same there. */
    void lose(int block) {
        loseOwn(block);
        ownerOf(block).loseOwn(block);
    }

    private synchronized void loseOwn(int block) { // several sessions that read here may find damage at once
        wholeBlocks = Math.min(wholeBlocks, block);
    }

    /** Blocks before the first that is damaged for good, here or with whom it was borrowed from. By any thread. */
    int wholeBlocks() {
        int whole = wholeBlocks;
        for (int block = 0; block < Math.min(lenders.length, whole); block++) {
            if (lenders[block].wholeBlocks <= block) {
                return block;
            }
        }
        return whole;
    }

    boolean has(KvLayer layer, int block) {
        PieceFile existing = file;
        return existing != null && existing.has(layer.index(), block);
    }

    /** Writes a block that is in RAM, unless it is there already. Returns whether it is there now. */
    boolean store(KvLayer layer, int block) {
        if (has(layer, block)) {
            return true;
        }
        PieceFile target = state == State.BROKEN ? null : open();
        if (target == null || !hasPlace(target, layer, block)) {
            return false;
        }
        try {
            write(target, layer, block);
            state = State.OPEN;
            return true;
        } catch (IOException e) {
            return refuse(State.BROKEN, "its file can't be written, " + e.getMessage());
        }
    }

    private boolean hasPlace(PieceFile target, KvLayer layer, int block) {
        try {
            return target.open(layer.index(), block) || refuse(State.FULL, "alisa.memory.slow is reached");
        } catch (IOException e) { // others may leave the disk some room later
            return refuse(State.FULL, "its file can't grow, " + e.getMessage());
        }
    }

    private void write(PieceFile target, KvLayer layer, int block) throws IOException {
        PieceReader checksum = new PieceReader();
        for (int head = 0; head < layout.kvHeads(); head++) {
            target.write(layer.index(), head, block, 1,
                    OffHeap.bytes(layout.headAddress(layer.block(block), head), layout.headBytes()), checksum);
        }
        target.written(layer.index(), block);
    }

    private @Nullable PieceFile open() {
        PieceFile existing = file;
        if (existing != null) {
            return existing;
        }
        if (memory.slow().cap() == 0) {
            refuse(State.FULL, "there is none, alisa.memory.slow is 0, or auto where alisa.memory.slow-dir"
                    + " is RAM itself (tmpfs)");
            return null;
        }
        try {
            PieceFile fresh = make();
            fresh.setIdle(idle);
            file = fresh;
            return fresh;
        } catch (IOException e) {
            refuse(State.FULL, "its file can't be made, " + e.getMessage()
                    + "; set alisa.memory.slow-dir to a directory that can be written");
            return null;
        }
    }

    /** Makes the file, or nothing is left of it: it is tried again. */
    private PieceFile make() throws IOException {
        BlockFile opened = memory.files().open();
        boolean made = false;
        try {
            PieceFile fresh = make(opened);
            made = true;
            return fresh;
        } finally {
            if (!made) {
                opened.close();
            }
        }
    }

    private PieceFile make(BlockFile opened) {
        MemoryAccount account = memory.slow().open(bytes -> {
            // what is in a file stays there until its session closes
        });
        boolean made = false;
        try {
            PieceFile fresh = new PieceFile(opened, account, layers, layout.kvHeads(), (int) layout.headBytes(),
                    maxBlocks);
            made = true;
            return fresh;
        } finally {
            if (!made) {
                account.close(); // the machine has no memory for what is kept of each block
            }
        }
    }

    /**
     * Reads and checks pieces of consecutive blocks of one run and head to where {@code target} stands. By any worker.
     *
     * @throws io.alisa.tier.DamagedPieceException where they are not what was written
     */
    void read(PieceReader pieces, int layer, int head, int block, int count, ByteBuffer target) {
        long begun = System.nanoTime();
        int bytes = target.position();
        check(pieces, layer, head, block, count, target);
        loadedBytes.addAndGet(target.position() - bytes);
        readNanos.addAndGet(System.nanoTime() - begun);
    }

    /** The same where no step needs what is read: it is not among the numbers that say what steps cost. */
    void check(PieceReader pieces, int layer, int head, int block, int count, ByteBuffer target) {
        for (int done = 0; done < count;) { // one owner after the other
            SlowTier owner = ownerOf(block + done);
            int end = done + 1;
            while (end < count && ownerOf(block + end) == owner) {
                end++;
            }
            owner.readOwn(pieces, layer, head, block + done, end - done, target);
            done = end;
        }
    }

    private void readOwn(PieceReader pieces, int layer, int head, int block, int count, ByteBuffer target) {
        PieceFile from = file;
        if (from == null || !from.has(layer, block)) {
            throw new IllegalStateException("Block " + block + " of layer " + layer + " is nowhere");
        }
        pieces.read(from, layer, head, block, count, target);
    }

    /** Forgets a block. */
    void remove(KvLayer layer, int block) {
        PieceFile from = file;
        if (from != null && from.has(layer.index(), block)) {
            from.remove(layer.index(), block);
        }
    }

    /**
     * Has what is here and not in RAM of the layer read ahead, where that hides anything.
     *
     * @param chosen whether only that which the step before attended, as far as is known, else all
     */
    void readAhead(KvLayer layer, boolean chosen) {
        PieceFile from = file;
        if (from == null || layer.isAllResident()
                || !speed.isSlow(from.requests(), from.bytesRead(), from.readNanos())) {
            return;
        }
        for (long[] ofHead : wanted) {
            Arrays.fill(ofHead, 0);
        }
        for (int block = 0; block < layer.sealedBlocks(); block++) {
            if (!layer.isResident(block) && from.has(layer.index(), block)) {
                want(layer, block, chosen);
            }
        }
        ReadAhead.ofProcess().wish(from, layer.index(), wanted);
    }

    private void want(KvLayer layer, int block, boolean chosen) {
        for (int head = 0; head < wanted.length; head++) {
            if (!(chosen && layer.hot().wasSpared(head, block))) {
                wanted[head][block / Long.SIZE] |= 1L << block;
            }
        }
    }

    /** Bytes of the file. */
    long bytes() {
        PieceFile existing = file;
        return existing == null ? 0 : existing.bytes();
    }

    long storedBytes() {
        PieceFile existing = file;
        return existing == null ? 0 : existing.bytesWritten();
    }

    /** Bytes read, from wherever they are. */
    long loadedBytes() {
        return loadedBytes.get();
    }

    /** Time spent reading and checking, summed over threads, in nanoseconds. */
    long readNanos() {
        return readNanos.get();
    }

    @Override
    public void close() {
        PieceFile existing = file;
        if (existing != null) {
            existing.close();
        }
    }
}
