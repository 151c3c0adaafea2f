package io.alisa.device;

/**
 * Attention as a device sees it. Query rows and outputs are {@code [kvHead][position][head of the group][rowStride]}
 * floats; queries are scaled and rotated.
 *
 * @param kvHeads   KV heads
 * @param groupSize query heads that share a KV head
 * @param headSize  channels of a head
 * @param rowStride floats from one row to the next, at least {@code headSize}
 * @param softCap   scores are capped to {@code softCap * tanh(score / softCap)}; 0: no cap
 * @param headBytes bytes of a KV head in a block of 64 tokens, see {@code io.alisa.cache.KvLayout}
 */
public record DeviceShape(int kvHeads, int groupSize, int headSize, int rowStride, float softCap, long headBytes) {
    /** Tokens of a block, and blocks whose mean rows make a block. */
    public static final int BLOCK_TOKENS = 64;

    /** Bytes of a block of one layer. */
    public long blockBytes() {
        return kvHeads * headBytes;
    }

    /** Bytes of the sketch of a block of one layer, see {@code io.alisa.cache.SketchLayout}. */
    public long sketchBytes() {
        return (long) BLOCK_TOKENS * kvHeads * ((headSize + 3) / 4 + 1);
    }

    /** Query rows of {@code positions} tokens. */
    public int rows(int positions) {
        return kvHeads * positions * groupSize;
    }
}
