package io.alisa.cache;

import io.alisa.memory.OffHeap;

/**
 * The newest tokens of an INT8 layer in floats: a query attends the block of 64 that it stands in as it was computed,
 * and only earlier blocks rounded to eight bits. Half of what rounding costs is saved by that, since so much of the
 * attention goes to the nearest tokens.
 *
 * <p>Between steps one block is kept per layer. While a batch is worked on, the other blocks it reaches lie in staging
 * blocks, which all layers of the session use in turn. What a query sees does not depend on how the tokens were cut into
 * batches.
 */
final class RecentFloats {
    private final KvLayout layout;
    private final BlockSource source;
    private final Staging staging;
    private final int layer;
    private long kept;
    private int first;
    /** Whether the kept block is {@link #first}: not so between {@link #begin} and {@link #begun}. */
    private boolean whole = true;

    /**
     * @param layout  of F32 blocks
     * @param source  gives the layer one block
     * @param staging shared by the session's layers
     */
    RecentFloats(KvLayout layout, int layer, BlockSource source, Staging staging) {
        this.layout = layout;
        this.layer = layer;
        this.source = source;
        this.staging = staging;
    }

    KvLayout layout() {
        return layout;
    }

    /** The first block that is in floats now. */
    int first() {
        return first;
    }

    /**
     * Makes room for the tokens {@code start} to {@code end - 1}.
     *
     * @return whether tokens before {@code start} in its block are missing: the host went back into an earlier block
     */
    boolean begin(int start, int end) {
        if (kept == 0) {
            kept = source.block(layer, 0);
        }
        int block = start / KvLayout.BLOCK_TOKENS;
        whole &= block == first;
        boolean missing = !whole && start % KvLayout.BLOCK_TOKENS != 0;
        first = block;
        staging.reserve((end - 1) / KvLayout.BLOCK_TOKENS - block);
        return missing;
    }

    /** Says that nothing is missing any more. */
    void begun() {
        whole = true;
    }

    /** Address of a block from {@link #first} on. */
    long block(int block) {
        return block == first ? kept : staging.block(block - first - 1);
    }

    /** Address of the block that is kept between steps; 0 where it is not there as it was computed, as before the first. */
    long kept() {
        return whole ? kept : 0;
    }

    /** Keeps the block of the last token; the others go. */
    void settle(int end) {
        int last = (end - 1) / KvLayout.BLOCK_TOKENS;
        if (last != first) {
            OffHeap.copy(block(last), kept, layout.blockBytes());
            first = last;
        }
    }

    /** Says that only so many blocks are left: the kept one is not theirs. */
    void cutBack(int blocks) {
        if (first >= blocks) {
            first = blocks;
            whole = false;
        }
    }

    void forget() {
        kept = 0;
        first = 0;
    }
}
