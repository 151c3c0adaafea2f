package io.alisa.cache;

import java.util.List;

import io.alisa.tier.DamagedPieceException;
import io.alisa.tier.MemoryFullException;
import org.jspecify.annotations.Nullable;

/**
 * Deletes blocks that no tier has room for, and has them computed again when they are needed.
 *
 * <p>What is deleted are the blocks that lie within one {@link PromptBatch}, in all layers. Memory that computing them
 * again takes is set aside at that moment, so that they can come back whatever happens to the rest; where that is more
 * than deleting frees, nothing is deleted. Digests stay, hence a deleted block that a query needs is known.
 *
 * <p>Used under the session's lock; the numbers may be read by any thread.
 */
final class Deletions implements AutoCloseable {
    private final KvLayout layout;
    private final KvTiers tiers;
    private final KvRoom room;
    private final PromptBatches batches = new PromptBatches();
    private final DeletionChoice choice;
    private KvLayer[] layers = {};
    private @Nullable Recomputer recomputer;
    private @Nullable Replay replay;
    private boolean recalling;
    /** Bytes reserved for computing again what is deleted. */
    private long aside;
    private volatile long deletions;
    private volatile long deletedTokens;
    private volatile int wholeBlocks = Integer.MAX_VALUE;
    private volatile boolean damaged;
    private volatile long recomputedTokens;
    private volatile long recomputeNanos;

    Deletions(KvLayout layout, KvTiers tiers, KvRoom room) {
        this.layout = layout;
        this.tiers = tiers;
        this.room = room;
        this.choice = new DeletionChoice(layout, tiers, room, batches);
    }

    void serve(KvLayer... ofSession) {
        layers = ofSession;
        batches.serve(ofSession);
        choice.serve(ofSession);
    }

    void setRecomputer(Recomputer by) {
        recomputer = by;
    }

    // ---- what there is

    /** The batches that came: what deleting and computing again is about. */
    PromptBatches batches() {
        return batches;
    }

    /** Which of them may be deleted. */
    DeletionChoice choice() {
        return choice;
    }

    /** Ends what was begun for the step before. */
    void endStep() {
        if (replay != null || aside > 0 || deletedTokens > 0) {
            closeReplay();
            count();
        }
    }

    /** After something was deleted or came back to stay: gives back what need not be set aside any more. */
    private void count() {
        if (replay != null) {
            return; // when it ends
        }
        long tokens = batches.deletedTokens();
        deletedTokens = tokens;
        int whole = Integer.MAX_VALUE;
        for (KvLayer layer : layers) {
            whole = layer.isComplete() ? whole : Math.min(whole, layer.table().firstDeleted());
        }
        wholeBlocks = whole;
        Recomputer by = recomputer;
        long wanted = tokens == 0 || by == null ? 0 : Replay.bytes(batches.incomplete(), layout, by);
        if (wanted < aside) {
            room.release(aside - wanted);
            aside = wanted;
        }
    }

    // ---- deleting

    /**
     * Deletes a batch: the one that is used least, among equals the oldest. How much is deleted when is decided here and by
     * who calls this.
     *
     * @return blocks, of one layer each, that were deleted; 0 where there was nothing to delete
     */
    @SuppressWarnings("NonAtomicVolatileUpdate") // one writer at a time
    long delete() {
        PromptBatch victim = recalling || isRead() ? null : victim();
        if (victim == null) {
            return 0;
        }
        closeReplay();
        long deleted = 0;
        while (victim != null) { // once, unless what is freed is in pieces too small to set anything aside
            deleted += delete(victim);
            deletions = deletions + 1;
            victim = setAside() ? null : victim();
        }
        count();
        return deleted;
    }

    private long delete(PromptBatch batch) {
        long deleted = 0;
        int places = (int) choice.placesInFile(batch);
        int end = choice.endBlock(batch);
        for (KvLayer layer : layers) {
            for (int block = choice.firstBlock(batch); block < end; block++) {
                if (!layer.isDeleted(block)) {
                    layer.hot().leaves(layer, block);
                    tiers.drop(layer, block);
                    layer.table().delete(block);
                    deleted++;
                }
            }
        }
        tiers.demote(places);
        return deleted;
    }

    /** Reserves what computing again takes, of what was freed. */
    private boolean setAside() {
        Recomputer by = recomputer;
        long missing = by == null ? 0 : Replay.bytes(batches.incomplete(), layout, by) - aside;
        if (missing > 0 && !room.reserveFreed(missing)) {
            return false;
        }
        aside += Math.max(0, missing);
        return true;
    }

    private boolean isRead() {
        for (KvLayer layer : layers) {
            if (layer.isPinned()) {
                return true;
            }
        }
        return false;
    }

    private @Nullable PromptBatch victim() {
        return choice.victim(recomputer, aside);
    }

    /** Blocks of all layers that could be deleted. */
    int deletableBlocks() {
        return choice.deletableBlocks(recomputer);
    }

    /** Bytes of RAM that deleting all that may be deleted would leave, beside what computing it again takes. */
    long deletableBytes() {
        Recomputer by = recomputer;
        return by == null || by.objection() != null || recalling || isRead() ? 0 : choice.deletableBytes(by, aside);
    }

    // ---- computing again

    /** Lends a pinned layer all its deleted blocks, computed again. */
    @SuppressWarnings("NonAtomicVolatileUpdate") // one writer at a time
    void recall(KvLayer layer) {
        if (!layer.isPinned()) {
            throw new IllegalStateException("Layer " + layer.index() + " is not pinned");
        }
        long begun = System.nanoTime();
        recalling = true;
        try {
            while (!layer.isComplete()) {
                recallOnce(layer);
            }
        } finally {
            recalling = false;
            recomputeNanos = recomputeNanos + System.nanoTime() - begun;
        }
    }

    private void recallOnce(KvLayer layer) {
        boolean there = false;
        try {
            replayFor(layer.index()).reach(layer.index());
            if (!layer.isComplete()) {
                throw new IllegalStateException("Blocks of layer " + layer.index() + " are nowhere");
            }
            there = true;
        } catch (DamagedPieceException e) { // an earlier block is needed and not what it was: it comes again as well
            lose(e);
        } finally {
            if (!there) {
                closeReplay();
            }
        }
    }

    /** A replay of all that is deleted which has not passed a layer yet. */
    private Replay replayFor(int layer) {
        Replay existing = replay;
        if (existing != null && (existing.next() > layer || !existing.covers(batches.incomplete()))) {
            closeReplay();
            existing = null;
        }
        if (existing == null) {
            existing = open();
        }
        return existing;
    }

    @SuppressWarnings("NonAtomicVolatileUpdate")
    private Replay open() {
        Recomputer by = recomputer;
        if (by == null) {
            throw new IllegalStateException("Deleted tokens can't be recomputed: they are not known");
        }
        List<PromptBatch> again = batches.incomplete();
        long missing = Replay.bytes(again, layout, by) - aside;
        if (missing > 0) {
            room.reserve(missing);
            aside += missing;
        }
        Replay opened;
        try {
            opened = new Replay(layout, room, layers, again,
                    room.hasRoomFor(batches.deletedBlocksOfLayers() * layout.blockBytes()));
        } catch (OutOfMemoryError e) {
            throw new MemoryFullException("The machine has no memory left to recompute deleted tokens: lower"
                    + " alisa.memory.fast or close other sessions");
        }
        replay = opened;
        opened.begin(by);
        for (PromptBatch batch : again) {
            recomputedTokens = recomputedTokens + (long) batches.deletedBlocks(batch) * KvLayout.BLOCK_TOKENS;
        }
        return opened;
    }

    private void closeReplay() {
        Replay existing = replay;
        replay = null;
        if (existing != null) {
            existing.close();
        }
    }

    /** Takes back what was lent to a layer that is not read any more. */
    void giveBack(KvLayer layer) {
        Replay existing = replay;
        if (existing != null) {
            existing.giveBack(layer);
            if (layer.index() == layers.length - 1 && !recalling) {
                endStep();
            }
        }
    }

    /** Has a deleted block computed again, to stay in a frame. */
    void bringBack(KvLayer layer, int block, long frame) {
        layer.pin();
        try {
            recall(layer);
            Replay existing = replay;
            if (existing == null) {
                throw new IllegalStateException("Block " + block + " of layer " + layer.index() + " is nowhere");
            }
            existing.keep(layer, block, frame);
        } finally {
            layer.unpin();
        }
    }

    /** Blocks, of one layer each, of the pinned tokens before a position that are deleted. */
    int countDeleted(PinnedSpans spans, int end) {
        int count = 0;
        for (KvLayer layer : layers) {
            for (int block = 0; !layer.isComplete() && block < layer.blockCount(); block++) {
                count += isToComeBack(layer, block, spans, end) ? 1 : 0;
            }
        }
        return count;
    }

    private static boolean isToComeBack(KvLayer layer, int block, PinnedSpans spans, int end) {
        int start = block * KvLayout.BLOCK_TOKENS;
        return start < end && layer.isDeleted(block)
                && spans.touch(start, Math.min(end, start + KvLayout.BLOCK_TOKENS));
    }

    /**
     * Has these blocks computed again, to stay in frames: all layers in one go.
     *
     * @param frames one for each; those that are used are taken out
     */
    void bringBack(PinnedSpans spans, int end, List<Long> frames) {
        for (KvLayer layer : layers) {
            boolean[] back = new boolean[layer.blockCount()];
            boolean any = false;
            for (int block = 0; !layer.isComplete() && block < back.length; block++) {
                back[block] = isToComeBack(layer, block, spans, end);
                any |= back[block];
            }
            if (any) {
                bringBack(layer, back, frames);
            }
        }
        endStep();
    }

    private void bringBack(KvLayer layer, boolean[] back, List<Long> frames) {
        layer.pin();
        try {
            recall(layer);
            Replay existing = replay;
            for (int block = 0; existing != null && block < back.length; block++) {
                if (back[block] && !frames.isEmpty()) {
                    existing.keep(layer, block, frames.removeLast());
                }
            }
        } finally {
            layer.unpin();
        }
    }

    /** Blocks came back damaged while a pinned layer was read: they are computed again. */
    void mend(KvLayer layer, DamagedPieceException damage) {
        lose(damage);
        recall(layer);
    }

    /**
     * Counts damaged blocks as deleted, and with them all others that can't be read back either.
     *
     * @throws IllegalStateException where they can't be computed again
     */
    void lose(DamagedPieceException damage) {
        Recomputer by = recomputer;
        String why = by == null ? "its tokens are not known" : by.objection();
        for (int block = damage.block(); block < damage.block() + damage.count(); block++) {
            if (why == null && !batches.cover(block)) {
                why = "only whole blocks of prompts can be";
            }
        }
        if (why != null) {
            damaged = true; // nobody is to go on with this session, nor to begin with these blocks
            tiers.lose(damage.block());
            throw new IllegalStateException(damage.getMessage() + " and can't be recomputed (" + why
                    + "): close this session and begin a new one", damage);
        }
        tiers.check(damage, this::countLost);
        for (int block = damage.block(); block < damage.block() + damage.count(); block++) { // whatever they say now
            countLost(layers[damage.layer()], block);
        }
        tiers.readers().forget();
        count();
    }

    /** What can't be computed again stays where it is: it is the end of the session once somebody needs it. */
    private void countLost(KvLayer layer, int block) {
        if (batches.cover(block) && !layer.isResident(block) && !layer.isDeleted(block)) {
            tiers.drop(layer, block);
            layer.table().delete(block);
        }
    }

    // ---- numbers, for any thread

    /** Batches deleted so far. */
    long deletions() {
        return deletions;
    }

    long deletedTokens() {
        return deletedTokens;
    }

    /** Blocks before the first that is deleted; a large number where none is. */
    int wholeBlocks() {
        return wholeBlocks;
    }

    /** Whether something was damaged that can't be computed again. */
    boolean isDamaged() {
        return damaged;
    }

    long recomputedTokens() {
        return recomputedTokens;
    }

    long recomputeNanos() {
        return recomputeNanos;
    }

    @Override
    public void close() {
        closeReplay();
        batches.clear();
        room.release(aside);
        aside = 0;
        deletedTokens = 0;
    }
}
