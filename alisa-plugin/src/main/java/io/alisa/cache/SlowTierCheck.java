package io.alisa.cache;

import java.nio.ByteBuffer;

import io.alisa.tier.DamagedPieceException;
import io.alisa.tier.PieceReader;

/**
 * Reads all that a session has in the slow tier, once something of it did not come back: what else is lost is known then, and
 * comes back together. Each block that was found out later would have all that is deleted computed once more. Used under the
 * session's lock.
 */
final class SlowTierCheck {
    private final KvLayout layout;
    private final SlowTier slow;
    private final PieceReader pieces = new PieceReader();
    private final ByteBuffer buffer;

    /** Told what is lost. */
    interface Lost {
        /** A block can't be read back, and is nowhere else. */
        void lost(KvLayer layer, int block);
    }

    SlowTierCheck(KvLayout layout, SlowTier slow) {
        this.layout = layout;
        this.slow = slow;
        this.buffer = ByteBuffer.allocate(Math.toIntExact(layout.headBytes()));
    }

    /**
     * Looks at all blocks. Copies of blocks in RAM that can't be read are forgotten: who counts on them would lose the block.
     *
     * @return false where something is in the session's own file, and nothing of it can be read
     */
    boolean run(KvLayer[] layers, Lost to) {
        boolean any = false;
        boolean readable = false;
        for (KvLayer layer : layers) {
            for (int block = 0; block < layer.sealedBlocks(); block++) {
                boolean own = slow.has(layer, block);
                if (layer.isDeleted(block) || (layer.isResident(block) && !own)) {
                    continue;
                }
                boolean whole = isWhole(layer, block);
                any |= own;
                readable |= own && whole;
                if (!whole && !layer.isResident(block)) {
                    to.lost(layer, block);
                } else if (!whole && block >= layer.anchored()) {
                    slow.remove(layer, block);
                }
            }
        }
        return readable || !any;
    }

    private boolean isWhole(KvLayer layer, int block) {
        try {
            for (int head = 0; head < layout.kvHeads(); head++) {
                slow.check(pieces, layer.index(), head, block, 1, buffer.clear());
            }
            return true;
        } catch (DamagedPieceException e) {
            return false;
        }
    }
}
