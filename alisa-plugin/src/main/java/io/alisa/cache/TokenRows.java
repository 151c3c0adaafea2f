package io.alisa.cache;

import io.alisa.memory.OffHeap;

/**
 * Single tokens of a layer, as floats: new ones are written so, and any can be read so, whatever the format of its block.
 *
 * <p>Not thread-safe: the session is locked while a layer is used.
 */
public final class TokenRows {
    private final KvLayer layer;
    private final KvLayout layout;

    TokenRows(KvLayer layer, KvLayout layout) {
        this.layer = layer;
        this.layout = layout;
    }

    /** Writes a new token's key of one KV head in floats; an INT8 layer wants it in {@link KvLayer#head} too. */
    public void putKey(int position, int kvHead, float[] key, int offset) {
        long address = keyAddress(position, kvHead);
        for (int channel = 0; channel < layout.headSize(); channel++) {
            OffHeap.setFloat(address, key[offset + channel]);
            address += (long) KvLayout.BLOCK_TOKENS * Float.BYTES;
        }
    }

    /** Writes a new token's value likewise. */
    public void putValue(int position, int kvHead, float[] value, int offset) {
        long address = valueAddress(position, kvHead);
        for (int channel = 0; channel < layout.headSize(); channel++) {
            OffHeap.setFloat(address + (long) channel * Float.BYTES, value[offset + channel]);
        }
    }

    /** Reads a token's key of one KV head as the newest query sees it. */
    public void readKey(int position, int kvHead, float[] key) {
        if (!layer.isFloat(position)) {
            readInt8Key(position, kvHead, key);
            return;
        }
        long address = keyAddress(position, kvHead);
        for (int channel = 0; channel < layout.headSize(); channel++) {
            key[channel] = OffHeap.getFloat(address);
            address += (long) KvLayout.BLOCK_TOKENS * Float.BYTES;
        }
    }

    /** Reads a token's value of one KV head likewise. */
    public void readValue(int position, int kvHead, float[] value) {
        if (!layer.isFloat(position)) {
            readInt8Value(position, kvHead, value);
            return;
        }
        long address = valueAddress(position, kvHead);
        for (int channel = 0; channel < layout.headSize(); channel++) {
            value[channel] = OffHeap.getFloat(address + (long) channel * Float.BYTES);
        }
    }

    void readInt8Key(int position, int kvHead, float[] key) {
        long head = layer.head(position, kvHead);
        int index = position % KvLayout.BLOCK_TOKENS;
        readInt8(layout.int8Row(head, index), layout.keyScale(head, index), key);
    }

    void readInt8Value(int position, int kvHead, float[] value) {
        long head = layer.head(position, kvHead);
        int index = position % KvLayout.BLOCK_TOKENS;
        readInt8(layout.int8Row(head, index) + KvLayout.int8RowBytes(layout.headSize()),
                layout.valueScale(head, index), value);
    }

    private void readInt8(long row, long scaleCode, float[] target) {
        float scale = ScaleCode.decode(OffHeap.getByte(scaleCode));
        for (int channel = 0; channel < layout.headSize(); channel++) {
            target[channel] = scale * OffHeap.getByte(row + channel);
        }
    }

    private long keyAddress(int position, int kvHead) {
        return layer.floatHead(position, kvHead) + (long) (position % KvLayout.BLOCK_TOKENS) * Float.BYTES;
    }

    private long valueAddress(int position, int kvHead) {
        return layer.floatHead(position, kvHead) + layer.floats().keyBytes()
                + (long) (position % KvLayout.BLOCK_TOKENS) * layout.paddedHeadSize() * Float.BYTES;
    }
}
