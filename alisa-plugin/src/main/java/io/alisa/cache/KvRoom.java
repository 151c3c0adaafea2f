package io.alisa.cache;

import io.alisa.memory.OffHeap;
import io.alisa.schedule.AdaptivePlan;
import io.alisa.tier.FramePool;
import io.alisa.tier.MemoryAccount;
import io.alisa.tier.MemoryBudget;
import io.alisa.tier.MemoryFullException;
import io.alisa.tier.Pinning;
import io.alisa.units.ByteSize;

/**
 * What a session holds of the fast tier, all of it under one account: frames for its blocks, memory that does not move,
 * and arrays on the heap that go with the context. Where the account is at its end, blocks make room.
 *
 * <p>Used under the session's lock.
 */
final class KvRoom implements AutoCloseable {
    /** What makes room. */
    interface Relief {
        /** Does what the session's schedule wants done before the account grows. */
        void growing();

        /** Frees frames by moving up to so many blocks to the file. Returns whether it freed any. */
        boolean demote(int count);

        /** Frees frames by deleting blocks. Returns whether it freed any. */
        boolean delete();

        /** Why neither freed enough, and what cures it. */
        String remedy();
    }

    private final KvLayout layout;
    private final MemoryBudget fast;
    private final MemoryAccount account;
    private final FramePool frames;
    private final long floatBlockBytes;
    private final Relief relief;
    private Pinning pinning = Pinning.NONE;
    private KvLayer[] layers = {};
    private double heapPerToken;
    private int heapTokens;
    private boolean closed;

    KvRoom(KvLayout layout, MemoryBudget fast, MemoryBudget.Owner owner, Relief relief) {
        this.layout = layout;
        this.fast = fast;
        this.floatBlockBytes = new KvLayout(KvFormat.F32, layout.kvHeads(), layout.headSize()).blockBytes();
        this.relief = relief;
        this.account = fast.open(owner);
        boolean made = false;
        try {
            this.frames = new FramePool(account, layout.blockBytes());
            made = true;
        } finally {
            if (!made) {
                account.close(); // the machine has no memory for it
            }
        }
    }

    void serve(KvLayer... ofSession) {
        layers = ofSession;
    }

    MemoryAccount account() {
        return account;
    }

    /** Has what a device reads pinned from now on: frames, and what is {@link #holdPinned held} for it. */
    void pinBy(Pinning by) {
        pinning = by;
        frames.pinBy(by);
    }

    // ---- frames

    /** A frame for a block, or room is made for one. */
    long frame() {
        if (frames.freeFrames() == 0 && account.reserved() > fast.free()) {
            relief.growing();
        }
        long frame = frames.take();
        while (frame == 0 && (relief.demote(1) || relief.delete())) {
            frame = frames.take();
        }
        if (frame == 0) {
            throw full(layout.blockBytes());
        }
        return frame;
    }

    /** A frame for a block where there is one without anything having to make room, kept sessions neither; else 0. */
    long freeFrame() {
        return frames.takeSpare();
    }

    /** The same, but kept sessions may have to make room for it. */
    long frameIfAny() {
        return frames.take();
    }

    void give(long frame) {
        frames.give(frame);
    }

    /** Bytes that seem to be missing for so many frames, where nobody but kept sessions makes room. Asks nobody. */
    long missingFor(int wanted) {
        return Math.max(0, bytesBeside(wanted) - account.beyondClaim());
    }

    /** Bytes that are missing for so many frames, after kept sessions have made what room they can. */
    long stillMissingFor(int wanted) {
        long bytes = bytesBeside(wanted);
        if (account.tryReserve(bytes)) {
            account.release(bytes);
            return 0;
        }
        return Math.max(0, bytes - fast.unreserved());
    }

    /** What so many frames take beside those that are free. */
    private long bytesBeside(int wanted) {
        return Math.max(0, wanted - frames.freeFrames()) * layout.blockBytes();
    }

    /** Bytes that frames grow by. */
    long slabBytes() {
        return frames.slabBytes();
    }

    /** Whether a block can come to RAM without another one leaving it. */
    boolean hasFrame() {
        return frames.freeFrames() > 0
                || (account.belowShare() > frames.slabBytes() && fast.unreserved() > 2 * frames.slabBytes());
    }

    /** Whether many can: so much is free that nothing is about to leave for want of it. */
    boolean hasEase() {
        return hasFrame() && fast.unreserved() > fast.cap() / AdaptivePlan.EASE;
    }

    // ---- memory that does not move

    /**
     * Bytes that do not move, zeroed.
     *
     * @throws MemoryFullException where there is no room for them
     */
    HeldBytes hold(long bytes) {
        return hold(bytes, Pinning.NONE);
    }

    /** The same for what a device may read. */
    HeldBytes holdPinned(long bytes) {
        return hold(bytes, pinning);
    }

    private HeldBytes hold(long bytes, Pinning by) {
        reserve(bytes);
        boolean there = false;
        try {
            HeldBytes held = new HeldBytes(this, bytes, by);
            there = true;
            return held;
        } catch (OutOfMemoryError e) {
            throw new MemoryFullException("The machine has no " + ByteSize.format(bytes) + " left for KV, "
                    + ByteSize.format(account.reserved())
                    + " are held by this session: close others or lower alisa.memory.fast");
        } finally {
            if (!there) {
                release(bytes);
            }
        }
    }

    /**
     * Takes bytes for something that does not move.
     *
     * @throws IllegalStateException where the session is closed
     */
    void reserve(long bytes) {
        if (closed) { // its account grants nothing any more, but memory is not what lacks
            throw sessionClosed();
        }
        // What idle accounts hold counts as free, and yet may not be had: only trying tells.
        while (!account.tryReserve(bytes)) {
            if (!shrinkByMoving(bytes - account.available()) && !relief.delete()) {
                throw full(bytes);
            }
        }
    }

    /** The same for what can be done without, where nobody needs them; else false. */
    boolean reserveSpare(long bytes) {
        return account.reserveSpare(bytes);
    }

    void release(long bytes) {
        account.release(bytes);
    }

    /** Whether that much more fits into RAM, and some more, where nobody but kept sessions makes room. */
    boolean hasRoomFor(long bytes) {
        return account.beyondClaim() + frames.freeFrames() * layout.blockBytes() >= bytes + 2 * frames.slabBytes();
    }

    /** Whether bytes could be taken if so many blocks in RAM were gone. */
    boolean couldReserve(long bytes, long blocks) {
        return bytes <= fast.free() + frames.releasable(blocks);
    }

    /** Takes bytes where blocks that are gone have left them. */
    boolean reserveFreed(long bytes) {
        trim();
        return account.tryReserve(bytes);
    }

    /** What whoever comes late is told. */
    static IllegalStateException sessionClosed() {
        return new IllegalStateException("The session is closed");
    }

    private MemoryFullException full(long bytes) {
        return new MemoryFullException("The KV memory is full: " + ByteSize.format(bytes) + " more are needed, "
                + ByteSize.format(account.reserved()) + " are held by this session and "
                + ByteSize.format(fast.reserved()) + " of " + ByteSize.format(fast.cap()) + " by all; "
                + relief.remedy());
    }

    // ---- what is about to be needed

    /**
     * Claims what that many tokens may need in a layer, and more where the session is about to begin.
     *
     * @param buffers bytes that will be needed beside it
     */
    void claim(int tokens, long buffers) {
        long blocks = KvLayout.blocks(tokens);
        int slab = frames.framesPerSlab();
        long bytes = (blocks + slab) / slab * frames.slabBytes();
        if (layout.format() == KvFormat.INT8) {
            bytes += (blocks - 1) * floatBlockBytes + Slabs.MIN_SLAB_BYTES; // the next digests, where they are small
            if (frames.bytes() == 0) {
                bytes += layers.length * floatBlockBytes + Slabs.MIN_SLAB_BYTES;
            }
        }
        account.claim(bytes + buffers + heapFor(layers[0].tokens() + tokens));
    }

    /** Bytes of arrays on the heap that go with each token. */
    void countHeap(double bytesPerToken) {
        heapPerToken = bytesPerToken;
    }

    /** Bytes by which arrays on the heap grow for so many tokens. */
    private long heapFor(int tokens) {
        return tokens <= heapTokens
                ? 0
                : (long) Math.ceil((Growth.of(heapTokens, tokens) - heapTokens) * heapPerToken);
    }

    /** Counts what is about to grow on the heap. */
    void growHeap(int tokens) {
        long bytes = heapFor(tokens);
        if (bytes > 0) {
            reserve(bytes);
            heapTokens = Growth.of(heapTokens, tokens);
        }
    }

    // ---- giving back

    /**
     * Makes the account that much smaller, as far as blocks can go; what others take or give meanwhile is theirs.
     *
     * @param mayDelete whether blocks may be deleted for that, too
     */
    void giveBack(long bytes, boolean mayDelete) {
        long target = account.reserved() - bytes;
        account.giveUpClaim();
        boolean smaller = true;
        while (smaller && account.reserved() > target) {
            smaller = shrinkByMoving(account.reserved() - target) || (mayDelete && relief.delete());
        }
    }

    /** Gives back what blocks that are gone have left. */
    void giveBackFree() {
        trim();
        account.giveUpClaim();
    }

    /** The same, but what is claimed for the next step stays claimed. */
    void trim() {
        compact(Long.MAX_VALUE);
        frames.trim();
    }

    /**
     * Gives slabs back or makes frames free. Whole slabs go, so blocks may change their places.
     *
     * @param wanted bytes: all that is needed at once, for each time all blocks are looked at
     */
    private boolean shrinkByMoving(long wanted) {
        if (frames.freeFrames() >= frames.framesPerSlab()) {
            compact(wanted);
        }
        return frames.trim() != 0 || relief.demote(framesFor(wanted));
    }

    /** Frames that must become free for that, a slab's at least. */
    private int framesFor(long wanted) {
        long missing = wanted / layout.blockBytes() - frames.freeFrames();
        return Math.clamp(missing, frames.framesPerSlab(), Integer.MAX_VALUE);
    }

    /** Moves frames together, so that slabs of so many bytes become free. */
    private void compact(long wanted) {
        fixFrames();
        if (!frames.evacuate(Math.max(1, wanted))) {
            return;
        }
        for (KvLayer layer : layers) {
            for (int block = layer.anchored(); block < layer.blockCount() && !layer.isPinned(); block++) {
                long from = layer.block(block);
                long to = copyToOther(from);
                if (to != 0) {
                    layer.place(block, to);
                    frames.give(from);
                }
            }
            for (int run = 0; run < layer.hot().runs() && !layer.isPinned(); run++) {
                long from = layer.hot().frame(run);
                long to = copyToOther(from);
                if (to != 0) {
                    layer.hot().place(run, to);
                    frames.give(from);
                }
            }
        }
    }

    /** Says which frames stay where they are: those of blocks that are read now, or by others. */
    private void fixFrames() {
        for (KvLayer layer : layers) {
            int fixed = layer.isPinned() ? layer.blockCount() : Math.min(layer.anchored(), layer.blockCount());
            for (int block = 0; block < fixed; block++) {
                frames.fix(layer.block(block));
            }
            for (int run = 0; run < layer.hot().runs() && layer.isPinned(); run++) {
                frames.fix(layer.hot().frame(run));
            }
        }
    }

    /** Copies a frame to a slab that stays where its own is to go; 0 where that stays, too. */
    private long copyToOther(long from) {
        long to = from == 0 ? 0 : frames.takeOther(from);
        if (to != 0) {
            OffHeap.copy(from, to, layout.blockBytes());
        }
        return to;
    }

    @Override
    public void close() {
        closed = true;
        try {
            frames.close();
        } finally {
            account.close();
        }
    }
}
