package io.alisa.cache;

import java.util.ArrayList;
import java.util.List;

import org.jspecify.annotations.Nullable;

/**
 * Which batch is deleted next, and what deleting would bring: never less than computing it again takes. Used under the
 * session's lock.
 */
final class DeletionChoice {
    private final KvLayout layout;
    private final KvTiers tiers;
    private final KvRoom room;
    private final PromptBatches batches;
    private KvLayer[] layers = {};
    /** From which block on nothing is deleted just now. */
    private int kept = Integer.MAX_VALUE;
    private @Nullable String objection;

    DeletionChoice(KvLayout layout, KvTiers tiers, KvRoom room, PromptBatches batches) {
        this.layout = layout;
        this.tiers = tiers;
        this.room = room;
        this.batches = batches;
    }

    void serve(KvLayer... ofSession) {
        layers = ofSession;
    }

    /** Says that the blocks from that one on are about to change: until that is said of others they are not deleted. */
    void keepFrom(int block) {
        kept = block;
    }

    /** Why nothing could be deleted when a victim was last looked for. */
    @Nullable
    String objection() {
        return objection;
    }

    /**
     * The batch that is used least, among equals the oldest; null where none can be deleted with a gain.
     *
     * @param by    who computes again; null: nobody can
     * @param aside bytes that are set aside for that already
     */
    @Nullable
    PromptBatch victim(@Nullable Recomputer by, long aside) {
        objection = by == null ? "its tokens are not known" : by.objection();
        if (by == null || objection != null) {
            return null;
        }
        objection = "only whole blocks of prompts can be deleted, and no more are left";
        PromptBatch least = null;
        List<PromptBatch> gone = batches.incomplete();
        int demotable = tiers.canStore() ? tiers.demotableBlocks() : 0;
        float leastUse = Float.POSITIVE_INFINITY;
        for (PromptBatch batch : batches.all()) {
            long frames = isPinned(batch) ? 0 : freed(batch, demotable);
            float use = use(batch);
            if (frames > 0 && use < leastUse) {
                if (gains(batch, gone, frames, by, aside)) {
                    least = batch;
                    leastUse = use;
                } else {
                    objection = "recomputing would take more memory than deleting frees";
                }
            }
        }
        return least;
    }

    /** Whether deleting frees more than computing again takes, and in pieces that can be set aside for that. */
    private boolean gains(PromptBatch batch, List<PromptBatch> gone, long frames, Recomputer by, long aside) {
        long missing = Replay.bytes(with(gone, batch), layout, by) - aside;
        return frames * layout.blockBytes() > missing && room.couldReserve(missing, frames);
    }

    private static List<PromptBatch> with(List<PromptBatch> batches, PromptBatch batch) {
        List<PromptBatch> all = new ArrayList<>(batches);
        if (!all.contains(batch)) {
            all.add(batch);
        }
        return all;
    }

    /** The first block is never deleted: it holds the attention sinks. Nor is what several sessions share. */
    int firstBlock(PromptBatch batch) {
        return Math.max(Math.max(1, layers[0].anchored()), batch.firstBlock());
    }

    /** Nor are blocks that can still change, or are about to. */
    int endBlock(PromptBatch batch) {
        int end = Math.min(batch.endBlock(), kept);
        for (KvLayer layer : layers) {
            end = Math.min(end, layer.sealedBlocks());
        }
        return end;
    }

    /** Nor is a batch of which something is pinned: a system prompt is always attended, it would come back at once. */
    private boolean isPinned(PromptBatch batch) {
        return tiers.pinned().touch(batch.start(), batch.end());
    }

    /** Blocks of RAM that deleting a batch would free: its own, and others that could then go to its places in the file. */
    private long freed(PromptBatch batch, int demotable) {
        long resident = count(batch, false);
        return resident + Math.min(placesInFile(batch), Math.max(0, demotable - resident));
    }

    /** Places in the file that deleting a batch would free: blocks of one layer each. */
    long placesInFile(PromptBatch batch) {
        return count(batch, true);
    }

    /** Blocks of a batch that are in the file, or in RAM only. */
    private long count(PromptBatch batch, boolean inFile) {
        int end = endBlock(batch);
        long count = 0;
        for (KvLayer layer : layers) {
            for (int block = firstBlock(batch); block < end; block++) {
                boolean there = inFile ? tiers.isInFile(layer, block) : layer.isResident(block);
                count += there ? 1 : 0;
            }
        }
        return count;
    }

    /** How much the batch's blocks were attended lately: the mean. */
    private float use(PromptBatch batch) {
        int end = endBlock(batch);
        float sum = 0;
        for (KvLayer layer : layers) {
            for (int block = firstBlock(batch); block < end; block++) {
                sum += layer.table().use(block);
            }
        }
        return sum / Math.max(1, layers.length * (end - firstBlock(batch)));
    }

    /** Blocks of all layers that could be deleted. */
    int deletableBlocks(@Nullable Recomputer by) {
        List<PromptBatch> all = batches.all();
        int blocks = 0;
        for (int i = 0; by != null && by.objection() == null && i < all.size(); i++) {
            PromptBatch batch = all.get(i);
            blocks += isPinned(batch)
                    ? 0
                    : Math.max(0, endBlock(batch) - firstBlock(batch) - batches.deletedBlocks(batch));
        }
        return blocks;
    }

    /**
     * Bytes of RAM that deleting all that may be deleted would leave, beside what computing it again takes.
     *
     * @param aside bytes that are set aside for that already
     */
    long deletableBytes(Recomputer by, long aside) {
        List<PromptBatch> gone = batches.incomplete();
        int demotable = tiers.canStore() ? tiers.demotableBlocks() : 0;
        long left = 0;
        long taken = aside;
        for (PromptBatch batch : batches.all()) {
            long frames = isPinned(batch) ? 0 : freed(batch, demotable);
            List<PromptBatch> then = with(gone, batch);
            long more = Math.max(0, Replay.bytes(then, layout, by) - taken);
            long gain = frames * layout.blockBytes() - more;
            if (frames > 0 && gain > 0) {
                gone = then;
                demotable -= (int) frames;
                left += gain;
                taken += more;
            }
        }
        return left;
    }
}
