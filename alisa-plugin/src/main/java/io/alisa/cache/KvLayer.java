package io.alisa.cache;

import java.util.Arrays;

/**
 * Keys and values of one layer of one session: a table of blocks.
 *
 * <p>Not thread-safe: the session is locked while a layer is used.
 */
public final class KvLayer {
    private final KvLayout layout;
    private final long[] blocks;
    private final BlockSource source;
    private final int index;
    private final int maxTokens;
    private int blockCount;
    private int tokens;

    /** Gives a layer its blocks; zeroed, valid until the session closes. */
    interface BlockSource {
        long block(int layer, int block);
    }

    KvLayer(KvLayout layout, int index, int maxTokens, BlockSource source) {
        this.layout = layout;
        this.index = index;
        this.maxTokens = maxTokens;
        this.source = source;
        this.blocks = new long[KvLayout.blocks(maxTokens)];
    }

    public KvLayout layout() {
        return layout;
    }

    /** Tokens this layer holds. */
    public int tokens() {
        return tokens;
    }

    /** Address of a block, see {@link KvLayout}. */
    public long block(int block) {
        return blocks[block];
    }

    /**
     * Makes room up to {@code end} tokens, the last of which are to be written by the caller. A smaller end than
     * before forgets what lay behind: the host overwrites from a position on by writing there again.
     */
    public void resize(int end) {
        int needed = KvLayout.blocks(end);
        if (end > maxTokens) {
            throw new IllegalArgumentException(
                    "The context is full: position " + (end - 1) + " asked for, the model has "
                            + maxTokens + "; shorten the prompt or start a new session");
        }
        while (blockCount < needed) {
            blocks[blockCount] = source.block(index, blockCount);
            blockCount++;
        }
        tokens = end;
    }

    /** Gives up all blocks: their memory is about to go. */
    void forget() {
        blockCount = 0;
        tokens = 0;
        Arrays.fill(blocks, 0);
    }

    /** Writes a token's key of one KV head into an F32 block. */
    public void putKey(int position, int kvHead, float[] key, int offset) {
        long address = layout.headAddress(blocks[position / KvLayout.BLOCK_TOKENS], kvHead)
                + (long) (position % KvLayout.BLOCK_TOKENS) * Float.BYTES;
        for (int channel = 0; channel < layout.headSize(); channel++) {
            OffHeap.setFloat(address, key[offset + channel]);
            address += (long) KvLayout.BLOCK_TOKENS * Float.BYTES;
        }
    }

    /** Writes a token's value of one KV head into an F32 block. */
    public void putValue(int position, int kvHead, float[] value, int offset) {
        long address = layout.headAddress(blocks[position / KvLayout.BLOCK_TOKENS], kvHead)
                + layout.keyBytes()
                + (long) (position % KvLayout.BLOCK_TOKENS) * layout.paddedHeadSize() * Float.BYTES;
        for (int channel = 0; channel < layout.headSize(); channel++) {
            OffHeap.setFloat(address + (long) channel * Float.BYTES, value[offset + channel]);
        }
    }
}
