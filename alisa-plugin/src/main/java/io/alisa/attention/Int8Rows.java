package io.alisa.attention;

import java.util.Arrays;

import io.alisa.cache.KvLayout;
import io.alisa.cache.ScaleCode;
import io.alisa.memory.OffHeap;

/**
 * Up to 64 INT8 tokens of one KV head, wherever they lie: what one pass of {@link Int8Kernels} works on. A whole block
 * and tokens gathered from many blocks look the same here. Owned by one thread at a time and reused.
 */
public final class Int8Rows {
    /** Bytes in front of {@link #quads}: an int may be read from three bytes further ahead. */
    static final int LEAD = Integer.BYTES;
    /** Bytes from one quad of a token to its next. */
    static final int QUAD_BYTES = KvLayout.BLOCK_TOKENS * Integer.BYTES;
    /** Kernels write that many quads at once. */
    private static final int SQUARE = 16;

    /** Address of each row: {@code rowBytes} of key, then {@code rowBytes} of value. */
    final long[] address = new long[KvLayout.BLOCK_TOKENS];
    /** {@link ScaleCode}s of the keys and of the values; kernels turn them into the scales. */
    final byte[] keyCode = new byte[KvLayout.BLOCK_TOKENS];
    final byte[] valueCode = new byte[KvLayout.BLOCK_TOKENS];
    final float[] keyScale = new float[KvLayout.BLOCK_TOKENS];
    final float[] valueScale = new float[KvLayout.BLOCK_TOKENS];
    /** Added to each score: nothing, but negative infinity where there is no row. */
    final float[] hidden = new float[KvLayout.BLOCK_TOKENS];
    /** Bytes of a key, and of a value: the head size padded to four. */
    final int rowBytes;
    /**
     * Scratch of the kernels, {@code [rowBytes / 4][64]} ints from {@link #LEAD} on: four channels of one token per int.
     */
    final byte[] quads;
    /** Scratch of the kernels: sums of four query rows. */
    final float[] sums = new float[4 * KvLayout.BLOCK_TOKENS];
    private int count;

    public Int8Rows(int headSize) {
        rowBytes = KvLayout.int8RowBytes(headSize);
        quads = new byte[LEAD + (rowBytes / 4 + SQUARE - 1) / SQUARE * SQUARE * QUAD_BYTES];
    }

    public int count() {
        return count;
    }

    public void clear() {
        count = 0;
    }

    public boolean isFull() {
        return count == KvLayout.BLOCK_TOKENS;
    }

    /** Adds token {@code index} of the KV head that starts at {@code head}, see {@link KvLayout}. */
    public void add(long head, int index) {
        long keyScales = head + 2L * rowBytes * KvLayout.BLOCK_TOKENS;
        address[count] = head + 2L * rowBytes * index;
        keyCode[count] = OffHeap.getByte(keyScales + index);
        valueCode[count] = OffHeap.getByte(keyScales + KvLayout.BLOCK_TOKENS + index);
        count++;
    }

    /**
     * Adds those tokens of a KV head's block whose bits are set, as many as there is room for.
     *
     * @return the bits of those that are left
     */
    public long add(long head, long selected) {
        long left = selected;
        for (; left != 0 && !isFull(); left &= left - 1) {
            add(head, Long.numberOfTrailingZeros(left));
        }
        return left;
    }

    /** Holds the first {@code tokens} tokens of a block instead of what was here. */
    public void setBlock(long head, int tokens) {
        long keyScales = head + 2L * rowBytes * KvLayout.BLOCK_TOKENS;
        for (int i = 0; i < tokens; i++) {
            address[i] = head + 2L * rowBytes * i;
        }
        OffHeap.read(keyScales, keyCode, tokens);
        OffHeap.read(keyScales + KvLayout.BLOCK_TOKENS, valueCode, tokens);
        count = tokens;
    }

    /**
     * Reads a byte of every row's key and value. Scattered rows come from memory one cache miss each; asked for all at
     * once they come together.
     */
    void touch(AttentionTile tile) {
        int even = 0;
        int odd = 0;
        for (int i = 0; i < count; i++) {
            even += OffHeap.getByte(address[i]);
            odd += OffHeap.getByte(address[i] + rowBytes);
        }
        tile.preloaded[0] = even + odd; // so that the reads are not optimised away
    }

    /**
     * Reads a byte of both lines of scales of the KV head that starts at {@code head}. Adding rows is too much work for
     * the misses of several blocks to overlap by themselves.
     */
    void touchScales(long head, AttentionTile tile) {
        long keyScales = head + 2L * rowBytes * KvLayout.BLOCK_TOKENS;
        tile.preloaded[0] += OffHeap.getByte(keyScales) + OffHeap.getByte(keyScales + KvLayout.BLOCK_TOKENS);
    }

    /** Turns the codes of the scales into the scales. */
    void decodeScales() {
        for (int i = 0; i < count; i++) {
            keyScale[i] = ScaleCode.decode(keyCode[i]);
            valueScale[i] = ScaleCode.decode(valueCode[i]);
        }
    }

    /** Lets the places behind the last row repeat it, so that kernels may read all 64; their results are not used. */
    void pad() {
        Arrays.fill(hidden, 0, count, 0f);
        if (isFull()) {
            return;
        }
        Arrays.fill(address, count, KvLayout.BLOCK_TOKENS, address[count - 1]);
        Arrays.fill(keyScale, count, KvLayout.BLOCK_TOKENS, 0f);
        Arrays.fill(valueScale, count, KvLayout.BLOCK_TOKENS, 0f);
        Arrays.fill(hidden, count, KvLayout.BLOCK_TOKENS, Float.NEGATIVE_INFINITY);
    }
}
