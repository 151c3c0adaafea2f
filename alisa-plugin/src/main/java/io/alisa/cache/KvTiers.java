package io.alisa.cache;

import java.util.ArrayList;
import java.util.List;

import io.alisa.memory.OffHeap;
import io.alisa.schedule.Decision;
import io.alisa.schedule.Occupancy;
import io.alisa.tier.DamagedPieceException;
import io.alisa.tier.MemoryBudget;
import io.alisa.tier.MemoryFullException;
import io.alisa.tier.PieceFile;
import org.jspecify.annotations.Nullable;

/**
 * Moves a session's blocks between RAM and its file, so that what the session holds stays within its caps. Which block is
 * where is written down in {@link KvLayer} and {@link PieceFile}; here is what moves them, when {@link KvRoom} needs room or
 * the schedule says so.
 *
 * <p>A block moves only when it is sealed: full, and no longer the newest. Its bytes do not change any more then, so a
 * block that was in the file once need not be written again. Layers that are being read are pinned, and nothing of theirs
 * moves.
 *
 * <p>Used under the session's lock.
 */
final class KvTiers implements KvRoom.Relief, AutoCloseable {
    private final KvLayout layout;
    private final KvMemory memory;
    private final KvRoom room;
    private final SlowTier slow;
    private final BlockReaders readers;
    private final Deletions deletions;
    private final KvBalance balance = new KvBalance(this);
    private final Victims victims = new Victims();
    private final boolean digested;
    /** Made when it is first asked: most sessions never come near the cap. */
    private @Nullable KvSchedule schedule;
    private KvLayer[] layers = {};
    private volatile long demotedBlocks;
    private volatile int hotTokens;
    private volatile PinnedSpans pinned = PinnedSpans.NONE;
    /** What could not be brought back when it was pinned. */
    private PinnedSpans hopeless = PinnedSpans.NONE;
    /** Whether all that is in the file was looked at in this step. */
    private boolean isChecked;
    /** Blocks, from the first on, that other sessions read too. */
    private volatile int frozenBlocks;

    KvTiers(KvLayout layout, KvMemory memory, MemoryBudget.Owner owner, SlowTier slow, boolean digested) {
        this.layout = layout;
        this.memory = memory;
        this.slow = slow;
        this.digested = digested;
        this.room = new KvRoom(layout, memory.fast(), owner, this);
        boolean made = false;
        try {
            this.readers = new BlockReaders(layout, slow, room);
            this.deletions = new Deletions(layout, this, room);
            made = true;
        } finally {
            if (!made) {
                room.close(); // the machine has no memory for it
            }
        }
    }

    void setSchedule(KvSchedule by) {
        schedule = by;
    }

    void serve(KvLayer... ofSession) {
        layers = ofSession;
        room.serve(ofSession);
        deletions.serve(ofSession);
    }

    /** What the session holds of the fast tier. */
    KvRoom room() {
        return room;
    }

    /** What blocks are read with that are not in RAM. */
    BlockReaders readers() {
        return readers;
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
        room.account().setIdle(idle);
        slow.setIdle(idle);
    }

    /** Forgets all blocks but the first ones, and gives their memory back. */
    void cutBack(int blocks) {
        deletions.endStep();
        for (KvLayer layer : layers) {
            layer.cutBack(blocks);
        }
        deletions.batches().cut(blocks * KvLayout.BLOCK_TOKENS);
        deletions.endStep();
        pinned = pinned.before(blocks * KvLayout.BLOCK_TOKENS);
        readers.close();
        giveBackHot();
        room.giveBackFree();
    }

    // ---- making room

    @Override
    public void growing() {
        follow(schedule().decide(occupancy()));
    }

    @Override
    public boolean delete() {
        return deletions.delete() > 0;
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
        long slowHeld = slow.usedBytes();
        long held = room.account().reserved();
        return new Occupancy(layers[0].tokens(), room.slabBytes(), held, held + memory.fast().free(), slowHeld,
                slowHeld + slow.freeBlocks() * layout.blockBytes(), inFile / count,
                deleted / count, demotable / count, deletions.deletableBlocks());
    }

    @Override
    public String remedy() {
        String raise = "raise alisa.memory.fast or close other sessions";
        if (layout.format() != KvFormat.INT8) {
            return raise + "; with alisa.kv.type=int8 a session takes a quarter and goes on in a file";
        }
        String deleting = deletions.choice().objection();
        String storing = slow.objection();
        return raise + (storing == null ? "" : " (nothing can move to the slow tier: " + storing + ")")
                + (deleting == null ? "" : " (nothing can be deleted and recomputed: " + deleting + ")");
    }

    // ---- to the file and back

    /**
     * Moves the least used sealed blocks to the file, among equals the oldest: {@code count} of them.
     *
     * @return whether at least one moved
     */
    @Override
    public boolean demote(int count) {
        if (count < 1) {
            return false;
        }
        int found = demotableBlocks();
        int wanted = Math.min(found, count);
        if (wanted == 0) {
            return giveBackHot();
        }
        victims.sort(found);
        int moved = 0;
        boolean full = false;
        for (int i = 0; i < found && moved < wanted; i++) { // what is there already can go whatever happened to the file
            KvLayer layer = layers[victims.layer(i)];
            if (!full || slow.has(layer, victims.block(i))) {
                boolean gone = demote(layer, victims.block(i));
                moved += gone ? 1 : 0;
                full |= !gone;
            }
        }
        return moved > 0 || giveBackHot();
    }

    /** Frees what hot tokens take of the layers that nobody reads. Returns whether that was anything. */
    private boolean giveBackHot() {
        boolean any = false;
        for (KvLayer layer : layers) {
            any |= !layer.isPinned() && layer.hot().giveBack(room);
        }
        return any;
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
        layer.hot().leaves(layer, block);
        layer.place(block, 0);
        room.give(frame);
        demotedBlocks = demotedBlocks + 1;
        return true;
    }

    /** Says that the tokens from a position on are about to be written, in all layers. */
    void beginStep(int start) {
        deletions.endStep();
        isChecked = false;
        bringPinnedBack(start);
        if (start < layers[0].tokens()) {
            if (start % KvLayout.BLOCK_TOKENS != 0) {
                unsealAll(start / KvLayout.BLOCK_TOKENS);
            }
            // In all layers at once: the step may fail before it comes to the last ones, and of a batch that is cut nothing
            // can be computed again that is deleted behind.
            for (KvLayer layer : layers) {
                layer.forgetFrom(start);
            }
            deletions.batches().cut(start);
        }
    }

    /**
     * A block that stays in part must be whole, in all layers, before the tokens behind it are others. What makes room for it
     * in one must not take it from those before.
     */
    private void unsealAll(int block) {
        deletions.choice().keepFrom(block);
        try {
            for (KvLayer layer : layers) {
                if (block < layer.blockCount()) {
                    unseal(layer, block);
                }
            }
        } finally {
            deletions.choice().keepFrom(Integer.MAX_VALUE);
        }
    }

    /** Brings a block back that is going to be written to: what is in the file is no longer true. */
    void unseal(KvLayer layer, int block) {
        layer.hot().forget(block);
        if (!layer.isResident(block) && !layer.isDeleted(block)) {
            try {
                promote(layer, block, room.frame());
            } catch (DamagedPieceException e) {
                deletions.lose(e);
            }
        }
        if (layer.isDeleted(block)) {
            bringBack(layer, block);
        }
        slow.remove(layer, block);
    }

    /**
     * Brings back what was deleted before it was pinned: each step would compute it again. Where there is no room for it in
     * the place of anything else, that is what happens, and it is not tried again before others are pinned. Nothing else
     * goes for a part of it: as long as something is missing, all that is deleted is computed again.
     */
    private void bringPinnedBack(int end) {
        PinnedSpans spans = pinned;
        int count = spans.isEmpty() || spans.equals(hopeless) ? 0 : deletions.countDeleted(spans, end);
        if (count > 0 && !(couldFit(count) && makeRoom(count) && bringBack(spans, end, count))) {
            hopeless = spans;
            room.trim();
        }
    }

    /** Whether there is room for so many blocks, or seems to be where others go. */
    private boolean couldFit(int count) {
        long missing = room.missingFor(count);
        if (missing == 0) {
            return true;
        }
        int found = demotableBlocks();
        long stored = storableBlocks(found) * layout.blockBytes();
        return missing <= Math.min(found * layout.blockBytes(), stored + deletions.deletableBytes());
    }

    /** How many of the first victims are in the file already or would find room there. */
    private long storableBlocks(int found) {
        long there = 0;
        for (int i = 0; i < found; i++) {
            there += slow.has(layers[victims.layer(i)], victims.block(i)) ? 1 : 0;
        }
        return Math.min(found, there + slow.freeBlocks());
    }

    /** Makes room for so many blocks. Nothing is deleted unless that makes up for all that is missing. */
    private boolean makeRoom(int count) {
        for (long missing = room.stillMissingFor(count); missing > 0; missing = room.stillMissingFor(count)) {
            int blocks = Math.toIntExact(Math.ceilDiv(missing, layout.blockBytes()));
            if (!demote(blocks) && !(deletions.deletableBytes() >= missing && delete())) {
                return false;
            }
        }
        return true;
    }

    /** Returns false where others took the room meanwhile. */
    private boolean bringBack(PinnedSpans spans, int end, int count) {
        List<Long> frames = new ArrayList<>();
        try {
            while (frames.size() < count) { // before anything is lent: then nothing can make room
                long frame = room.frameIfAny();
                if (frame == 0) {
                    return false;
                }
                frames.add(frame);
            }
            deletions.bringBack(spans, end, frames);
            return true;
        } catch (MemoryFullException e) {
            return false;
        } finally {
            frames.forEach(room::give);
        }
    }

    private void bringBack(KvLayer layer, int block) {
        long frame = room.frame();
        boolean there = false;
        try {
            deletions.bringBack(layer, block, frame);
            there = true;
        } finally {
            if (!there) {
                room.give(frame);
            }
        }
    }

    /** Whether a block can go to the file in place of one that leaves it. */
    boolean canStore() {
        return slow.canStore();
    }

    /**
     * Says what else is lost where something did not come back. Nothing more goes to a file that can't be read at all.
     *
     * <p>All is read for that, so not twice in a step for a piece that merely came back changed: it says nothing of those
     * that were whole a moment ago. A disk that says it can't read may be gone since.
     */
    void check(DamagedPieceException damage, SlowTierCheck.Lost to) {
        if (isChecked && !damage.isUnread()) {
            return;
        }
        isChecked = true;
        if (!new SlowTierCheck(layout, slow).run(layers, to) && damage.isUnread()) {
            slow.giveUp(damage);
        }
    }

    /** Says that a block in the file, be it another session's, is damaged for good. */
    void lose(int block) {
        slow.lose(block);
    }

    boolean isInFile(KvLayer layer, int block) {
        return !layer.isResident(block) && !layer.isDeleted(block) && slow.has(layer, block);
    }

    /** Called after each step. */
    void stepDone() {
        if (demotedBlocks > 0 && balance.stepDone(layers)) {
            int count = 0;
            for (KvLayer layer : layers) {
                count += layer.hot().count();
            }
            hotTokens = count;
        }
    }

    /** Brings a block back to RAM, into a frame that is given back where that fails; its copy in the file stays. */
    void promote(KvLayer layer, int block, long frame) {
        if (layer.isDeleted(block)) { // to make room for itself
            room.give(frame);
            return;
        }
        boolean there = false;
        try {
            BlockReader reader = readers.own();
            for (int head = 0; head < layout.kvHeads(); head++) {
                reader.open(layer, head, block, block + 1);
                OffHeap.copy(reader.head(layer, block, head), layout.headAddress(frame, head), layout.headBytes());
            }
            layer.place(block, frame);
            layer.hot().forget(block);
            there = true;
        } finally {
            readers.forget();
            if (!there) {
                room.give(frame);
            }
        }
    }

    /** Forgets a block wherever it is. */
    void drop(KvLayer layer, int block) {
        long frame = layer.block(block);
        if (frame != 0) {
            layer.place(block, 0);
            room.give(frame);
        }
        if (block >= layer.anchored()) { // what others read stays in the file
            slow.remove(layer, block);
        }
        readers.forget(); // one may hold what this block was
    }

    // ---- numbers, for any thread

    /** Time spent reading from the file, a mean over the threads that read. */
    long stallNanos() {
        return slow.readNanos() / readers.count();
    }

    long demotedBlocks() {
        return demotedBlocks;
    }

    /** How many tokens, of a KV head each, were in RAM without their blocks of late. */
    int hotTokens() {
        return hotTokens;
    }

    @Override
    public void close() {
        try {
            readers.close();
        } finally {
            closeBudgets();
        }
    }

    private void closeBudgets() {
        try {
            room.close();
        } finally {
            slow.close();
        }
    }
}
