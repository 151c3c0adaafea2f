package io.alisa.cache;

import java.util.ArrayList;
import java.util.List;

/**
 * The batches that a session's prompts came in, in order, and what of them is deleted: only what such a batch covers can be
 * computed again. Used under the session's lock.
 */
final class PromptBatches {
    private final List<PromptBatch> all = new ArrayList<>();
    private KvLayer[] layers = {};

    void serve(KvLayer... ofSession) {
        layers = ofSession;
    }

    /** All of them, in order; not to be changed. */
    List<PromptBatch> all() {
        return all;
    }

    /** Notes a batch that can be computed again; others, which begin within a block, can't. */
    void note(int start, int[] tokens) {
        if (start % KvLayout.BLOCK_TOKENS == 0 && tokens.length >= KvLayout.BLOCK_TOKENS) {
            all.add(new PromptBatch(start, tokens));
        }
    }

    /** Takes over the batches that another session's first tokens came in: they can be computed again here too. */
    void inherit(PromptBatches from, int tokens) {
        for (PromptBatch batch : from.all) {
            if (batch.start() < tokens) {
                PromptBatch own = new PromptBatch(batch.start(), batch.tokens());
                own.cut(batch.limit());
                own.cut(tokens);
                all.add(own);
            }
        }
    }

    /** Says that other tokens come from a position on. */
    void cut(int position) {
        for (int i = all.size() - 1; i >= 0; i--) {
            if (all.get(i).start() >= position) {
                all.remove(i);
            } else {
                all.get(i).cut(position);
            }
        }
    }

    void clear() {
        all.clear();
    }

    /** Whether a block can be computed again. */
    boolean cover(int block) {
        for (PromptBatch batch : all) {
            if (batch.covers(block)) {
                return true;
            }
        }
        return false;
    }

    /** Batches of which something is deleted, in order. */
    List<PromptBatch> incomplete() {
        List<PromptBatch> incomplete = new ArrayList<>();
        for (PromptBatch batch : all) {
            if (deletedBlocks(batch) > 0) {
                incomplete.add(batch);
            }
        }
        return incomplete;
    }

    /** Blocks of a batch that are deleted in some layer. */
    int deletedBlocks(PromptBatch batch) {
        int count = 0;
        for (int block = batch.firstBlock(); block < batch.endBlock(); block++) {
            boolean gone = false;
            for (KvLayer layer : layers) {
                gone |= layer.isDeleted(block);
            }
            count += gone ? 1 : 0;
        }
        return count;
    }

    /** Tokens that are deleted in some layer. */
    long deletedTokens() {
        long tokens = 0;
        for (PromptBatch batch : all) {
            tokens += (long) deletedBlocks(batch) * KvLayout.BLOCK_TOKENS;
        }
        return tokens;
    }

    /** Blocks, of one layer each, that are deleted. */
    long deletedBlocksOfLayers() {
        long blocks = 0;
        for (KvLayer layer : layers) {
            for (PromptBatch batch : all) {
                for (int block = batch.firstBlock(); block < batch.endBlock(); block++) {
                    blocks += layer.isDeleted(block) ? 1 : 0;
                }
            }
        }
        return blocks;
    }
}
