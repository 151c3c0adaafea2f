package io.alisa.cache;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;

import io.alisa.device.DeviceSession;
import io.alisa.device.DeviceShape;
import io.alisa.device.DeviceTier;
import io.alisa.tier.MemoryBudget;
import org.jspecify.annotations.Nullable;

/**
 * The KV of one conversation: one {@link KvLayer} per layer over memory that goes back to the operating system at
 * {@link #close()}, and a file for what the fast tier's cap leaves no room for.
 *
 * <p>Whoever uses a layer holds the {@link #lock()}; closing takes it too, so memory never goes while it is read.
 */
public final class KvSession implements AutoCloseable {
    private final KvLayout layout;
    private final KvMemory memory;
    private final KvLayer[] layers;
    private final ReentrantLock lock = new ReentrantLock();
    private final KvTiers tiers;
    private final SlowTier slow;
    private final Slabs means;
    private final Slabs sketches;
    private final Slabs recent;
    private final Staging staging;
    private final List<HeldBytes> scratch = new ArrayList<>();
    private volatile @Nullable DeviceSession device;
    private volatile boolean closed;
    private volatile boolean beingSaved;

    /** A session without digests, as large as it likes. */
    public KvSession(KvLayout layout, int layerCount, int maxTokens) {
        this(layout, layerCount, maxTokens, false);
    }

    /** A session as large as it likes. */
    public KvSession(KvLayout layout, int layerCount, int maxTokens, boolean digested) {
        this(layout, layerCount, maxTokens, digested, KvMemory.unlimited());
    }

    /**
     * @param maxTokens most tokens it will hold; memory is taken as they come
     * @param digested  whether full blocks are digested, see {@link KvDigest}
     * @param memory    where memory is taken from
     */
    public KvSession(KvLayout layout, int layerCount, int maxTokens, boolean digested, KvMemory memory) {
        this.layout = layout;
        this.memory = memory;
        KvLayout meansLayout = new KvLayout(KvFormat.INT8, layout.kvHeads(), layout.headSize());
        SketchLayout sketchLayout = new SketchLayout(layout.kvHeads(), layout.headSize());
        int maxBlocks = KvLayout.blocks(maxTokens);
        this.slow = new SlowTier(layout, memory, layerCount, maxBlocks);
        this.tiers = new KvTiers(layout, memory, this::giveBack, slow, digested);
        boolean made = false;
        try {
            KvRoom room = tiers.room();
            this.means = new Slabs(room::holdPinned, layerCount, meansLayout.blockBytes(), KvLayout.blocks(maxBlocks));
            this.sketches = new Slabs(room::holdPinned, layerCount, KvDigest.RUN * sketchLayout.blockBytes(),
                    KvDigest.mostRuns(maxBlocks));
            KvLayout floats = new KvLayout(KvFormat.F32, layout.kvHeads(), layout.headSize());
            this.recent = new Slabs(room::hold, layerCount, floats.blockBytes(), 1);
            this.staging = new Staging(floats, room);
            this.layers = new KvLayer[layerCount];
            for (int i = 0; i < layerCount; i++) {
                KvDigest digest = digested
                        ? new KvDigest(
                                new KvLayer(meansLayout, i, maxBlocks, null, null, null, unlessClosed(means::block)),
                                sketchLayout, i, unlessClosed(sketches::block))
                        : null;
                RecentFloats newest = layout.format() == KvFormat.INT8
                        ? new RecentFloats(floats, i, unlessClosed(recent::block), staging)
                        : null;
                layers[i] = new KvLayer(layout, i, maxTokens, digest, newest, tiers,
                        unlessClosed((layer, block) -> room.frame()));
            }
            tiers.serve(layers);
            room.claim(1, 0); // for what is made along with it, before it has anything that could move
            made = true;
        } finally {
            if (!made) {
                tiers.close(); // the machine has no memory for it
            }
        }
    }

    private BlockSource unlessClosed(BlockSource source) {
        return (layer, block) -> {
            if (closed) {
                throw KvRoom.sessionClosed();
            }
            return source.block(layer, block);
        };
    }

    /**
     * Has a device hold copies of sealed INT8 blocks from now on, and attend them there; without effect where it can't.
     * Before anything is written. One that has no room yet may attend later, but sketches lie as the CPU wants them, which
     * chooses the tokens: there may never be room, and until then sketches that lie for a device come too slowly.
     *
     * @param shape attention of all layers
     */
    public void useDevice(DeviceTier tier, DeviceShape shape) {
        DeviceSession session = tier.open(shape, layers.length, layers[0].maxBlocks(), lock);
        if (session != null) {
            device = session;
            tiers.room().pinBy(session.pinning());
            for (KvLayer layer : layers) {
                layer.setDevice(session.layer(layer.index()), session.isOpen());
            }
        }
    }

    /** What of the session is on a device; null where nothing ever is. */
    public @Nullable DeviceSession device() {
        return device;
    }

    /** Has somebody decide what moves and what is deleted; else nothing does before the caps force it. */
    public void setSchedule(KvSchedule by) {
        tiers.setSchedule(by);
    }

    // ---- sharing

    /**
     * Begins with the first blocks of another session of the same shape and format, which has {@link #freeze frozen} them.
     * They stay where they are: the other must be open for as long as this one is. Takes its lock.
     *
     * @return false where it has not got all of them any more; nothing was taken over then
     * @throws io.alisa.tier.MemoryFullException where there is no room for the digests
     */
    public boolean inherit(KvSession from, int tokens) {
        int blocks = tokens / KvLayout.BLOCK_TOKENS;
        from.lock.lock();
        try {
            for (KvLayer layer : from.layers) {
                if (from.closed || layer.table().firstDeleted() < blocks) {
                    return false;
                }
            }
            slow.borrow(from.slow, blocks);
            for (int i = 0; i < layers.length; i++) {
                layers[i].inherit(from.layers[i], blocks);
            }
            tiers.deletions().batches().inherit(from.tiers.deletions().batches(), tokens);
            return true;
        } finally {
            from.lock.unlock();
        }
    }

    /** Says how many of the first tokens others read too: until that is said again, they neither move nor change. */
    public void freeze(int tokens) {
        tiers.freeze(KvLayout.blocks(tokens));
    }

    /** How many of the first tokens are in some tier for certain, at least. */
    public int wholeTokens() {
        int blocks = Math.min(tiers.deletions().wholeBlocks(), slow.wholeBlocks());
        return (int) Math.min(Integer.MAX_VALUE, (long) blocks * KvLayout.BLOCK_TOKENS);
    }

    /**
     * Whether something of it is damaged and can't be computed again: whoever goes on with it fails as the step did that
     * found out. By any thread.
     */
    public boolean isDamaged() {
        return tiers.deletions().isDamaged();
    }

    /**
     * Pins the tokens {@code from} to {@code end - 1}, which are there or about to come: from now on they are always attended,
     * and never deleted. Tokens that come in their place later are not pinned. By any thread.
     */
    public synchronized void pin(int from, int end) {
        tiers.setPinned(tiers.pinned().with(from, end));
    }

    /** Pins these tokens and no others. By any thread. */
    public synchronized void setPinned(PinnedSpans spans) {
        tiers.setPinned(spans);
    }

    /** The pinned tokens. */
    public PinnedSpans pinned() {
        return tiers.pinned();
    }

    /** Says whether nobody uses this session, so that what it holds may be taken, see {@link MemoryBudget.Reclaimer}. */
    public void setIdle(boolean idle) {
        tiers.setIdle(idle);
    }

    /** Says who frees what idle sessions hold. */
    public void reclaimBy(MemoryBudget.Reclaimer by) {
        memory.fast().setReclaimer(by);
        memory.slow().setReclaimer(by);
    }

    /** Gives up what only steps need. Takes the lock. */
    public void rest() {
        lock.lock();
        try {
            if (!closed) {
                staging.release();
                tiers.readers().close();
                tiers.room().account().giveUpClaim();
                DeviceSession beside = device;
                if (beside != null) {
                    beside.rest();
                }
            }
        } finally {
            lock.unlock();
        }
    }

    /**
     * Moves blocks of an idle session to its file, where it is that budget they are to leave.
     *
     * @return bytes that were freed; 0 where somebody is at it right now
     */
    public long moveOut(MemoryBudget budget, long bytes) {
        if (!budget.equals(memory.fast()) || layout.format() != KvFormat.INT8 || !tryLock()) {
            return 0;
        }
        try {
            long before = bytes();
            if (!closed) {
                tiers.room().giveBack(bytes, false);
            }
            return before - bytes();
        } finally {
            lock.unlock();
        }
    }

    /**
     * Forgets what lies behind the frozen tokens of a session that nobody goes on with.
     *
     * @return whether that was done: false where somebody is at it right now
     */
    public boolean cutBackToFrozen() {
        if (!tryLock()) {
            return false;
        }
        try {
            if (!closed) {
                int blocks = tiers.frozenBlocks();
                tiers.cutBack(blocks);
                means.cutBack(KvLayout.blocks(blocks));
                KvDigest digest = layers[0].digest();
                sketches.cutBack(digest == null ? 0 : digest.runs(blocks));
            }
            return true;
        } finally {
            lock.unlock();
        }
    }

    /** Takes the lock where nobody has it. Not this thread either: what it is in the middle of must not change under it. */
    private boolean tryLock() {
        return !lock.isHeldByCurrentThread() && lock.tryLock();
    }

    /** Bytes that the session holds of a budget. */
    public long heldOf(MemoryBudget budget) {
        return budget.equals(memory.fast()) ? bytes() : budget.equals(memory.slow()) ? slowBytes() : 0;
    }

    /** Closes the session unless somebody is at it right now. Returns whether it is closed. */
    public boolean tryClose() {
        if (!tryLock()) {
            return false;
        }
        try {
            close();
            return true;
        } finally {
            lock.unlock();
        }
    }

    /** Says whether somebody holds the lock for as long as writing all of the session to a file takes. Under the lock. */
    public void setBeingSaved(boolean value) {
        beingSaved = value;
    }

    /** Whether another thread has the lock for that long. */
    public boolean isBeingSavedElsewhere() {
        return beingSaved && !lock.isHeldByCurrentThread();
    }

    /**
     * Moves blocks to the file until the session holds {@code bytes} less, as far as possible. Takes the lock, which a step
     * has for a moment. Nothing is given back where the session is being saved: who asks keeps all sessions of its model
     * waiting.
     */
    public void giveBack(long bytes) {
        if (beingSaved) {
            return;
        }
        lock.lock();
        try {
            if (!closed) {
                tiers.room().giveBack(bytes, true);
            }
        } finally {
            lock.unlock();
        }
    }

    /**
     * Has other sessions give back what this one may have by its share, where it is about to need memory. Without the
     * lock: those of the others are taken.
     *
     * @param tokens how many are about to be written to a layer
     */
    public void claimShare(int tokens) {
        tiers.room().claim(tokens, tiers.readers().missingBytes() + missingDigests(layers[0].tokens() + tokens));
    }

    /** Bytes that digests of so many tokens will take beyond those there are, and beyond what is claimed in any case. */
    private long missingDigests(int tokens) {
        KvDigest digest = layers[0].digest();
        int blocks = Math.min(tokens / KvLayout.BLOCK_TOKENS, layers[0].maxBlocks());
        return digest == null
                ? 0
                : Math.max(0, sketches.missingBytes(digest.runs(blocks)) + means.missingBytes(KvLayout.blocks(blocks))
                        - Slabs.MIN_SLAB_BYTES);
    }

    /** Says that all layers did a step: now and then blocks change places, the most used to RAM. Under the lock. */
    public void stepDone() {
        tiers.stepDone();
        DeviceSession beside = device;
        if (beside != null) {
            beside.stepDone();
        }
    }

    /**
     * Says that a layer is attended, so that the next may be prepared. Under the lock.
     *
     * @param batch how many tokens attended: one attends what the one before did, it is expected, several attend all
     */
    public void layerDone(int index, int batch) {
        slow.readAhead(layers[(index + 1) % layers.length], batch == 1);
    }

    /** Reads what is not in RAM, for whoever saves the session. */
    HeadReader headReader() {
        return new HeadReader(layout, slow);
    }

    /** Prepares reading by that many threads. */
    public void serveReaders(int workers) {
        tiers.readers().of(workers - 1);
    }

    public ReentrantLock lock() {
        return lock;
    }

    /** Waits until nobody else uses the session. */
    public void awaitUser() {
        lock.lock();
        try {
            return;
        } finally {
            lock.unlock();
        }
    }

    public KvLayout layout() {
        return layout;
    }

    public KvLayer layer(int index) {
        return layers[index];
    }

    public int layerCount() {
        return layers.length;
    }

    /**
     * Address of memory for intermediate results, valid until the session closes. Under the lock.
     *
     * @throws io.alisa.tier.MemoryFullException where there is no room
     */
    public long scratch(long bytes) {
        HeldBytes held = tiers.room().hold(bytes);
        scratch.add(held);
        return held.address();
    }

    /** Says how many bytes on the heap go with each token from now on: they are under the cap like all else. */
    public void countHeap(double bytesPerToken) {
        tiers.room().countHeap(bytesPerToken);
    }

    /** Bytes held in RAM now: blocks, digests, scratch memory and everything else that grows with the context. */
    public long bytes() {
        return closed ? 0 : tiers.room().account().reserved();
    }

    /** Whether all blocks are in RAM; some are in a file, its own or that of whom it grew out of, or deleted otherwise. */
    public boolean isAllResident() {
        for (KvLayer layer : layers) {
            if (!layer.isAllResident()) {
                return false;
            }
        }
        return true;
    }

    /** Bytes of the session's file. */
    public long slowBytes() {
        return slow.bytes();
    }

    /** Bytes that were written to the file so far. */
    public long storedBytes() {
        return slow.storedBytes();
    }

    /** Bytes that were read back from the file so far. */
    public long loadedBytes() {
        return slow.loadedBytes();
    }

    /** Time spent waiting for the file so far, in nanoseconds: the mean over the threads that read. */
    public long stallNanos() {
        return tiers.stallNanos();
    }

    /** Blocks that went from RAM to the file so far. */
    public long demotedBlocks() {
        return tiers.demotedBlocks();
    }

    /** How many tokens, of a KV head each, were in RAM without their blocks of late, see {@link HotTokens}. */
    public int hotTokens() {
        return tiers.hotTokens();
    }

    /** Says who can compute tokens again; without anybody nothing is deleted. Under the lock. */
    public void setRecomputer(Recomputer recomputer) {
        tiers.deletions().setRecomputer(recomputer);
    }

    /**
     * Says which tokens are about to be written as one batch: after its room was made in the first layer where others are
     * there already, for making it forgets what was said of that place before. Under the lock.
     *
     * @param start  position of the first
     * @param tokens their ids; not copied
     */
    public void notePrompt(int start, int[] tokens) {
        tiers.deletions().batches().note(start, tokens);
    }

    /** How often something was deleted so far. */
    public long deletions() {
        return tiers.deletions().deletions();
    }

    /** Tokens that are deleted at present. */
    public long deletedTokens() {
        return tiers.deletions().deletedTokens();
    }

    /** Whether a block is in no tier at present, in some layer. Under the lock. */
    public boolean isDeleted(int block) {
        for (KvLayer layer : layers) {
            if (layer.isDeleted(block)) {
                return true;
            }
        }
        return false;
    }

    /** Tokens that were computed again so far. */
    public long recomputedTokens() {
        return tiers.deletions().recomputedTokens();
    }

    /** Time spent on that so far, in nanoseconds. */
    public long recomputeNanos() {
        return tiers.deletions().recomputeNanos();
    }

    public boolean isClosed() {
        return closed;
    }

    /** Frees everything. Idempotent; waits for a step in progress. */
    @Override
    public void close() {
        lock.lock();
        try {
            if (!closed) {
                closed = true;
                closeAll();
            }
        } finally {
            lock.unlock();
        }
    }

    /** Whatever fails: it is not tried again, and what others may have now must not stay reserved. */
    private void closeAll() {
        try {
            DeviceSession beside = device;
            if (beside != null) {
                beside.close();
            }
            tiers.deletions().close();
            for (KvLayer layer : layers) {
                layer.forget(); // whoever comes late asks for a block, and is refused
            }
            staging.release();
            recent.close();
            sketches.close();
            means.close();
            scratch.forEach(HeldBytes::close);
        } finally {
            tiers.close();
        }
    }
}
