package io.alisa.cache;

import java.util.Arrays;

import org.jspecify.annotations.Nullable;

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
    private final @Nullable KvDigest digest;
    private int blockCount;
    private int tokens;

    KvLayer(KvLayout layout, int index, int maxTokens, @Nullable KvDigest digest, BlockSource source) {
        this.layout = layout;
        this.index = index;
        this.maxTokens = maxTokens;
        this.digest = digest;
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

    /** Address of a KV head in the block of a token. */
    public long head(int position, int kvHead) {
        return layout.headAddress(blocks[position / KvLayout.BLOCK_TOKENS], kvHead);
    }

    /** What is kept about the full blocks; null where nothing is. */
    public @Nullable KvDigest digest() {
        return digest;
    }

    /**
     * Makes room up to {@code end} tokens, the last of which are to be written by the caller. A smaller end than
     * before forgets what lay behind: the host overwrites from a position on by writing there again.
     *
     * @param start first token to be written
     */
    public void resize(int start, int end) {
        if (digest != null && digest.blocks() > start / KvLayout.BLOCK_TOKENS) {
            digest.resize(start / KvLayout.BLOCK_TOKENS);
        }
        resize(end);
    }

    /** As {@link #resize(int, int)} where only new tokens are written. */
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
        if (digest != null) {
            digest.forget();
        }
    }

    /** Writes a token's key of one KV head into an F32 block. */
    public void putKey(int position, int kvHead, float[] key, int offset) {
        long address = keyAddress(position, kvHead);
        for (int channel = 0; channel < layout.headSize(); channel++) {
            OffHeap.setFloat(address, key[offset + channel]);
            address += (long) KvLayout.BLOCK_TOKENS * Float.BYTES;
        }
    }

    /** Writes a token's value of one KV head into an F32 block. */
    public void putValue(int position, int kvHead, float[] value, int offset) {
        long address = valueAddress(position, kvHead);
        for (int channel = 0; channel < layout.headSize(); channel++) {
            OffHeap.setFloat(address + (long) channel * Float.BYTES, value[offset + channel]);
        }
    }

    /** Reads a token's key of one KV head, of an F32 or INT8 block, as floats. */
    public void readKey(int position, int kvHead, float[] key) {
        if (layout.format() == KvFormat.INT8) {
            long head = head(position, kvHead);
            int index = position % KvLayout.BLOCK_TOKENS;
            readBytes(layout.int8Row(head, index), layout.keyScale(head, index), key);
            return;
        }
        long address = keyAddress(position, kvHead);
        for (int channel = 0; channel < layout.headSize(); channel++) {
            key[channel] = OffHeap.getFloat(address);
            address += (long) KvLayout.BLOCK_TOKENS * Float.BYTES;
        }
    }

    /** Reads a token's value of one KV head, of an F32 or INT8 block, as floats. */
    public void readValue(int position, int kvHead, float[] value) {
        if (layout.format() == KvFormat.INT8) {
            long head = head(position, kvHead);
            int index = position % KvLayout.BLOCK_TOKENS;
            readBytes(layout.int8Row(head, index) + KvLayout.int8RowBytes(layout.headSize()),
                    layout.valueScale(head, index), value);
            return;
        }
        long address = valueAddress(position, kvHead);
        for (int channel = 0; channel < layout.headSize(); channel++) {
            value[channel] = OffHeap.getFloat(address + (long) channel * Float.BYTES);
        }
    }

    private void readBytes(long row, long scaleCode, float[] target) {
        float scale = ScaleCode.decode(OffHeap.getByte(scaleCode));
        for (int channel = 0; channel < layout.headSize(); channel++) {
            target[channel] = scale * OffHeap.getByte(row + channel);
        }
    }

    private long keyAddress(int position, int kvHead) {
        return head(position, kvHead) + (long) (position % KvLayout.BLOCK_TOKENS) * Float.BYTES;
    }

    private long valueAddress(int position, int kvHead) {
        return head(position, kvHead) + layout.keyBytes()
                + (long) (position % KvLayout.BLOCK_TOKENS) * layout.paddedHeadSize() * Float.BYTES;
    }
}
