package io.alisa.cache;

import java.util.ArrayList;
import java.util.List;

import io.alisa.memory.OffHeap;
import io.alisa.memory.Region;
import io.alisa.schedule.Decision;
import io.alisa.schedule.Occupancy;
import io.alisa.tier.DamagedPieceException;
import io.alisa.tier.FramePool;
import io.alisa.tier.MemoryAccount;
import io.alisa.tier.MemoryBudget;
import io.alisa.tier.MemoryFullException;
import org.jspecify.annotations.Nullable;

/**
 * Moves a session's blocks between RAM and its file, so that what the session holds stays within its caps. Which block is
 * where is written down in {@link KvLayer} and {@link PieceFile}; here is what moves them.
 *
 * <p>A block moves only when it is sealed: full, and no longer the newest. Its bytes do not change any more then, so a
 * block that was in the file once need not be written again. Layers that are being read are pinned, and nothing of theirs
 * moves.
 *
 * <p>Used under the session's lock.
 */
final class KvTiers implements AutoCloseable {

    private final KvLayout layout;
    private final KvMemory memory;
    private final MemoryAccount account;
    private final FramePool frames;
    private final Region region = new Region();
    private final List<BlockReader> readers = new ArrayList<>();
    private final BlockReader ownReader;
    private final Deletions deletions;
    private final KvLayout floats;
    /** Made when it is first asked: most sessions never come near the cap. */
    private @Nullable KvSchedule schedule;
    private double heapPerToken;
    private int heapTokens;
    private KvLayer[] layers = {};
    private final SlowTier slow;
    private final boolean digested;
    private final KvBalance balance = new KvBalance(this);
    private final Victims victims = new Victims();
    private volatile long demotedBlocks;
    private volatile PinnedSpans pinned = PinnedSpans.NONE;
    /** Blocks, from the first on, that other sessions read too. */
    private volatile int frozenBlocks;

    KvTiers(KvLayout layout, KvMemory memory, MemoryBudget.Owner owner, SlowTier slow,
            boolean digested) {
        this.slow = slow;
        this.digested = digested;
        this.floats = new KvLayout(KvFormat.F32, layout.kvHeads(), layout.headSize());
        this.layout = layout;
        this.memory = memory;
        this.account = memory.fast().open(owner);
        this.frames = new FramePool(account, layout.blockBytes());
        this.ownReader = reader(0);
        this.deletions = new Deletions(layout, this);
    }

    void setSchedule(KvSchedule by) {
        schedule = by;
    }

    void serve(KvLayer... ofSession) {
        layers = ofSession;
        deletions.serve(ofSession);
    }

    Deletions deletions() {
        return deletions;
    }

    // ---- blocks that sessions share

    int frozenBlocks() {
        return frozenBlocks;
    }

    /** Says how many of the first blocks must stay as they are. By any thread. */
    void freeze(int blocks) {
        frozenBlocks = blocks;
    }

    PinnedSpans pinned() {
        return pinned;
    }

    void setPinned(PinnedSpans spans) {
        pinned = spans;
    }

    /** Says whether nobody uses the session. By any thread. */
    void setIdle(boolean idle) {
        account.setIdle(idle);
        slow.setIdle(idle);
    }

    /** Moves blocks to the file until the account is that much smaller, as far as there is room for them. */
    void moveOut(long bytes) {
        long target = account.reserved() - bytes;
        account.giveUpClaim();
        while (account.reserved() > target) {
            if (!shrinkByMoving()) {
                return;
            }
        }
    }

    /** Forgets all blocks but the first ones, and gives their memory back. */
    void cutBack(int blocks) {
        deletions.endStep();
        for (KvLayer layer : layers) {
            layer.cutBack(blocks);
        }
        deletions.cut(blocks * KvLayout.BLOCK_TOKENS);
        deletions.endStep();
        pinned = pinned.before(blocks * KvLayout.BLOCK_TOKENS);
        compact();
        frames.trim();
        account.giveUpClaim();
    }

    // ---- memory

    /** A frame for a block, or room is made for one. */
    long frame() {
        if (frames.freeFrames() == 0 && account.reserved() > memory.fast().free()) {
            follow(schedule().decide(occupancy()));
        }
        long frame = frames.take();
        while (frame == 0 && (demote(1) || deletions.delete() > 0)) {
            frame = frames.take();
        }
        if (frame == 0) {
            throw full(layout.blockBytes());
        }
        return frame;
    }

    private KvSchedule schedule() {
        KvSchedule existing = schedule;
        if (existing == null) {
            existing = KvSchedule.forced(layout, layers.length, digested);
            schedule = existing;
        }
        return existing;
    }

    /** What is decided is done as far as it can be: the caps hold whatever comes of it. */
    private void follow(Decision decision) {
        int layerBlocks = decision.blocksToDelete() * layers.length;
        long left = layerBlocks;
        for (long gone = 1; left > 0 && gone > 0; left -= gone) {
            gone = deletions.delete();
        }
        if (decision.blocksToDemote() > 0) {
            demote(decision.blocksToDemote() * layers.length);
        }
    }

    /** Where the session stands, in blocks of all layers. */
    private Occupancy occupancy() {
        int demotable = 0;
        int inFile = 0;
        int deleted = 0;
        for (KvLayer layer : layers) {
            for (int block = 0; block < layer.sealedBlocks(); block++) {
                if (layer.isResident(block)) {
                    demotable += block < layer.anchored() || layer.isPinned() || layout.format() != KvFormat.INT8
                            ? 0
                            : 1;
                } else if (layer.isDeleted(block)) {
                    deleted++;
                } else {
                    inFile++;
                }
            }
        }
        int count = layers.length;
        long slowHeld = slow.bytes();
        return new Occupancy(layers[0].tokens(), frames.slabBytes(), account.reserved(),
                account.reserved() + memory.fast().free(), slowHeld, slowHeld + memory.slow().free(), inFile / count,
                deleted / count, demotable / count, deletions.deletableBlocks());
    }

    /** A frame for a block where there is one without anything having to make room; else 0. */
    long freeFrame() {
        return frames.take();
    }

    /** Whether that much more fits into RAM, and some more. */
    boolean hasRoomFor(long bytes) {
        long slab = frames.slabBytes();
        return memory.fast().free() >= bytes + 2 * slab;
    }

    /** Whether bytes could be taken if so many blocks in RAM were gone. */
    boolean couldReserve(long bytes, long blocks) {
        return bytes <= memory.fast().free() + frames.releasable(blocks);
    }

    /** Takes bytes where blocks that are gone have left them. */
    boolean reserveFreed(long bytes) {
        compact();
        frames.trim();
        return account.tryReserve(bytes);
    }

    /** Takes bytes for something that does not move. */
    void reserve(long bytes) {
        if (!account.tryReserve(bytes) && !(freeUp(bytes) && account.tryReserve(bytes))) {
            throw full(bytes);
        }
    }

    void release(long bytes) {
        account.release(bytes);
    }

    /** Takes bytes of a region, zeroed. */
    long allocate(Region of, long bytes) {
        reserve(bytes);
        boolean there = false;
        try {
            long address = of.allocate(bytes);
            there = true;
            return address;
        } catch (OutOfMemoryError e) {
            throw new MemoryFullException("The machine has no " + bytes + " bytes left for KV, " + account.reserved()
                    + " are held by this session: close others or lower alisa.memory.fast");
        } finally {
            if (!there) {
                release(bytes);
            }
        }
    }

    /** Claims what that many tokens may need in a layer, and more where the session is about to begin. */
    void claimShare(int tokens) {
        long blocks = KvLayout.blocks(tokens);
        int slab = frames.framesPerSlab();
        long bytes = (blocks + slab) / slab * frames.slabBytes();
        if (layout.format() == KvFormat.INT8) {
            bytes += (blocks - 1) * floats.blockBytes() + Slabs.MIN_SLAB_BYTES; // the next digests
            if (frames.bytes() == 0) {
                bytes += layers.length * floats.blockBytes() + Slabs.MIN_SLAB_BYTES;
            }
        }
        if (!ownReader.hasStaging()) {
            bytes += readers.size() * ownReader.stagingBytes();
        }
        account.claim(bytes + heapFor(layers[0].tokens() + tokens));
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

    private MemoryFullException full(long bytes) {
        MemoryBudget fast = memory.fast();
        return new MemoryFullException("The KV memory is full: " + bytes + " more bytes are needed, "
                + account.reserved() + " are held by this session and " + fast.reserved() + " of " + fast.cap()
                + " by all; " + remedy());
    }

    private String remedy() {
        String raise = "raise alisa.memory.fast or close other sessions";
        if (layout.format() != KvFormat.INT8) {
            return raise + "; with alisa.kv.type=int8 a session takes a quarter and goes on in a file";
        }
        String deleting = deletions.objection();
        String storing = slow.objection();
        return raise + (storing == null ? "" : " (nothing can move to the slow tier: " + storing + ")")
                + (deleting == null ? "" : " (nothing can be deleted and recomputed: " + deleting + ")");
    }

    /** Makes the account that much smaller, as far as blocks can move; what others take or give meanwhile is theirs. */
    void giveBack(long bytes) {
        long target = account.reserved() - bytes;
        account.giveUpClaim();
        while (account.reserved() > target) {
            if (!shrink()) {
                return;
            }
        }
    }

    /**
     * Frees memory until that much can be reserved.
     *
     * @return whether it can
     */
    private boolean freeUp(long target) {
        while (account.available() < target) {
            if (!shrink()) {
                return false;
            }
        }
        return true;
    }

    /** Gives slabs back or makes frames free. Whole slabs go, so blocks may change their places. */
    private boolean shrink() {
        return shrinkByMoving() || deletions.delete() > 0;
    }

    private boolean shrinkByMoving() {
        if (frames.freeFrames() >= frames.framesPerSlab()) {
            compact();
        }
        return frames.trim() != 0 || demote(frames.framesPerSlab());
    }

    /** Moves frames together, so that slabs become free. */
    private void compact() {
        for (KvLayer layer : layers) {
            for (int block = layer.anchored(); block < layer.blockCount() && !layer.isPinned(); block++) {
                long from = layer.block(block);
                long to = from == 0 ? 0 : frames.takeFuller(from);
                if (to != 0) {
                    OffHeap.copy(from, to, layout.blockBytes());
                    layer.place(block, to);
                    frames.give(from);
                }
            }
        }
    }

    // ---- to the file and back

    /**
     * Moves the least used sealed blocks to the file, among equals the oldest: {@code count} of them.
     *
     * @return whether at least one moved
     */
    boolean demote(int count) {
        int found = demotableBlocks();
        int wanted = Math.min(found, count);
        if (wanted == 0) {
            return false;
        }
        victims.sort(found);
        int moved = 0;
        for (int i = 0; i < found && moved < wanted; i++) { // what is there already can go whatever happened to the file
            moved += demote(layers[victims.layer(i)], victims.block(i)) ? 1 : 0;
        }
        return moved > 0;
    }

    /** Blocks, of one layer each, that could move to the file if it had room. */
    int demotableBlocks() {
        return layout.format() == KvFormat.INT8 ? victims.find(layers) : 0;
    }

    /** Moves a block to the file. Returns false where that is not possible. */
    @SuppressWarnings("NonAtomicVolatileUpdate") // one writer at a time
    boolean demote(KvLayer layer, int block) {
        if (!slow.store(layer, block)) {
            return false;
        }
        long frame = layer.block(block);
        layer.place(block, 0);
        frames.give(frame);
        demotedBlocks = demotedBlocks + 1;
        return true;
    }

    /** Says that the tokens from a position on are about to be written, in all layers. */
    void beginStep(int start) {
        deletions.endStep();
        if (start < layers[0].tokens()) {
            pinned = pinned.before(start);
            // A block that stays in part must be whole before the tokens behind it are others.
            int block = start / KvLayout.BLOCK_TOKENS;
            for (int i = 0; i < layers.length && start % KvLayout.BLOCK_TOKENS != 0; i++) {
                if (block < layers[i].blockCount()) {
                    unseal(layers[i], block);
                }
            }
            deletions.cut(start);
        }
    }

    /** Brings a block back that is going to be written to: what is in the file is no longer true. */
    void unseal(KvLayer layer, int block) {
        if (!layer.isResident(block) && !layer.isDeleted(block)) {
            try {
                promote(layer, block);
            } catch (DamagedPieceException e) {
                deletions.lose(e);
            }
        }
        if (layer.isDeleted(block)) {
            bringBack(layer, block);
        }
        slow.remove(layer, block);
    }

    private void bringBack(KvLayer layer, int block) {
        long frame = frame();
        boolean there = false;
        try {
            deletions.bringBack(layer, block, frame);
            there = true;
        } finally {
            if (!there) {
                frames.give(frame);
            }
        }
    }

    boolean isInFile(KvLayer layer, int block) {
        return !layer.isResident(block) && slow.has(layer, block);
    }

    /** Whether there is a buffer to read with: from when something was attended from the file. */
    boolean canPromote() {
        return ownReader.hasStaging();
    }

    /** Whether a block can come to RAM without another one leaving it. */
    boolean hasRoom() {
        return frames.freeFrames() > 0
                || (account.belowShare() > frames.slabBytes() && memory.fast().free() > 2 * frames.slabBytes());
    }

    /** Called after each step. */
    void stepDone() {
        if (demotedBlocks > 0) {
            balance.stepDone(layers);
        }
    }

    /** Brings a block back to RAM; its copy in the file stays. */
    void promote(KvLayer layer, int block) {
        long frame = frame();
        if (layer.isDeleted(block)) { // to make room for itself
            frames.give(frame);
            return;
        }
        boolean there = false;
        try {
            for (int head = 0; head < layout.kvHeads(); head++) {
                ensureStaging(ownReader);
                ownReader.open(layer, head, block, block + 1);
                OffHeap.copy(ownReader.head(layer, block, head), layout.headAddress(frame, head), layout.headBytes());
            }
            layer.place(block, frame);
            there = true;
        } finally {
            ownReader.forget();
            if (!there) {
                frames.give(frame);
            }
        }
    }

    /** Forgets a block wherever it is. */
    void drop(KvLayer layer, int block) {
        long frame = layer.block(block);
        if (frame != 0) {
            layer.place(block, 0);
            frames.give(frame);
        }
        if (block >= layer.anchored()) { // what others read stays in the file
            slow.remove(layer, block);
        }
        ownReader.forget(); // it may hold what this block was
    }

    // ---- reading

    /** The reader of a worker; the calling thread is worker 0. */
    BlockReader reader(int worker) {
        while (readers.size() <= worker) {
            readers.add(new BlockReader(slow, (int) (layout.format() == KvFormat.INT8 ? layout.headBytes() : 0)));
        }
        return readers.get(worker);
    }

    /** Makes sure that every worker can read from the file. */
    void prepareReaders() {
        for (int i = 0; i < readers.size() && slow.isOpen(); i++) {
            ensureStaging(readers.get(i));
        }
    }

    private void ensureStaging(BlockReader reader) {
        if (!reader.hasStaging()) {
            long staging = allocate(region, reader.stagingBytes());
            reader.setStaging(OffHeap.bytes(staging, reader.stagingBytes()), staging);
        }
    }

    void forgetStaged() {
        for (BlockReader reader : readers) {
            reader.forget();
        }
    }

    /** Address of a KV head in a block that is not in RAM, for the session's own thread. */
    long openHead(KvLayer layer, int block, int kvHead) {
        ensureStaging(ownReader);
        return ownReader.openHead(layer, block, kvHead);
    }

    // ---- numbers, for any thread

    MemoryAccount account() {
        return account;
    }

    /** Time spent reading from the file, a mean over the threads that read. */
    long stallNanos() {
        return slow.readNanos() / readers.size();
    }

    long demotedBlocks() {
        return demotedBlocks;
    }

    @Override
    public void close() {
        frames.close();
        region.close();
        account.close();
        slow.close();
    }
}
