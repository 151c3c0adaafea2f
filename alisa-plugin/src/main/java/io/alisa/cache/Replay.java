package io.alisa.cache;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

import io.alisa.memory.OffHeap;
import io.alisa.memory.Region;
import org.jspecify.annotations.Nullable;

/**
 * Computes deleted batches again, layer by layer beside the step at hand: all of them, since a batch attends every one
 * before it. Of each layer the blocks are lent to the session while it is attended; from layer to layer only the batches'
 * hidden states are kept.
 */
final class Replay implements AutoCloseable {
    private final KvLayout layout;
    private final KvLayout floats;
    private final KvRoom room;
    private final KvLayer[] layers;
    private final List<PromptBatch> batches;
    private final List<Recomputer.State> states = new ArrayList<>();
    private final Region region = new Region();
    /** Where the blocks of the first batch lie, followed by those of the others. */
    private final long blocks;
    private final long floatBlocks;
    private final int floatCount;
    private int next;
    private @Nullable KvLayer lentTo;
    private final BitSet lent = new BitSet();
    /** Whether there is so much room now that what was computed again stays. */
    private boolean keeps;

    /** @param batches in order */
    Replay(KvLayout layout, KvRoom room, KvLayer[] layers, List<PromptBatch> batches, boolean keeps) {
        this.layout = layout;
        this.floats = new KvLayout(KvFormat.F32, layout.kvHeads(), layout.headSize());
        this.room = room;
        this.layers = layers;
        this.batches = batches;
        this.keeps = keeps;
        int count = 0;
        int widest = 0;
        for (PromptBatch batch : batches) {
            count += batch.blocks();
            widest = Math.max(widest, batch.blocks());
        }
        this.floatCount = widest;
        boolean there = false;
        try {
            this.blocks = region.allocate(count * layout.blockBytes());
            this.floatBlocks = region.allocate(widest * floats.blockBytes());
            there = true;
        } finally {
            if (!there) {
                region.close();
            }
        }
    }

    /** Before anything else. */
    void begin(Recomputer recomputer) {
        for (PromptBatch batch : batches) {
            states.add(recomputer.begin(batch.start(), batch.tokens()));
        }
    }

    /** Bytes that computing these batches again takes. */
    static long bytes(List<PromptBatch> batches, KvLayout layout, Recomputer recomputer) {
        long bytes = 0;
        int widest = 0;
        for (PromptBatch batch : batches) {
            bytes += batch.blocks() * layout.blockBytes() + recomputer.stateBytes(batch.tokens().length);
            widest = Math.max(widest, batch.blocks());
        }
        return bytes + widest * new KvLayout(KvFormat.F32, layout.kvHeads(), layout.headSize()).blockBytes();
    }

    /** The layer that comes next. */
    int next() {
        return next;
    }

    boolean covers(List<PromptBatch> others) {
        return batches.containsAll(others);
    }

    /** Leads the batches through the layers up to that one, to which its blocks are lent then. */
    void reach(int layer) {
        while (next <= layer) {
            KvLayer at = layers[next];
            at.pin();
            try {
                lentTo = at;
                run(at);
                next++;
            } finally {
                at.unpin(); // a layer on the way gives the blocks back with that
            }
        }
    }

    private void run(KvLayer layer) {
        long own = blocks;
        for (int i = 0; i < batches.size(); i++) {
            PromptBatch batch = batches.get(i);
            RecentFloats recent = new RecentFloats(floats, layer.index(), (index, block) -> floatBlocks,
                    new Staging(floats, room, floatBlocks + floats.blockBytes(), floatCount - 1));
            states.get(i).advance(layer.index(), layer.view(batch.start(), batch.end(), own, recent));
            for (int block = batch.firstBlock(); block < batch.endBlock(); block++) {
                if (layer.isDeleted(block)) {
                    layer.table().bringBack(block, own + (block - batch.firstBlock()) * layout.blockBytes());
                    lent.set(block);
                }
            }
            own += batch.blocks() * layout.blockBytes();
        }
    }

    /** Moves a lent block to a frame, where it stays. */
    void keep(KvLayer layer, int block, long frame) {
        OffHeap.copy(layer.block(block), frame, layout.blockBytes());
        lent.clear(block);
        layer.table().place(block, frame);
    }

    /** Takes back what was lent to a layer, or leaves it there for good where there is room. */
    void giveBack(KvLayer layer) {
        if (layer != lentTo) {
            return;
        }
        for (int block = lent.nextSetBit(0); block >= 0; block = lent.nextSetBit(block)) {
            long frame = keeps ? room.frameIfAny() : 0;
            if (frame == 0) {
                keeps = false;
                lent.clear(block);
                layer.table().delete(block);
            } else {
                keep(layer, block, frame);
            }
        }
        lentTo = null;
    }

    @Override
    public void close() {
        KvLayer layer = lentTo;
        if (layer != null) {
            keeps = false;
            giveBack(layer);
        }
        for (Recomputer.State state : states) {
            state.close();
        }
        region.close();
    }
}
