package io.alisa.cache;

/**
 * Where everything is in the sketch of a block: its 64 keys rounded to two bits per channel, by which tokens are chosen.
 *
 * <p>A key is {@code mean of its block + magnitude * level}, where the level of a channel is one of -1.5, -0.5, 0.5, 1.5
 * (codes 0 to 3) and the magnitude is the root mean square of what the key differs from the mean by. Four channels of
 * one token share a byte, 64 tokens lie side by side, so that a byte shuffle looks up two channels of 64 tokens at once:
 *
 * <pre>
 *  one KV head of one block
 *  +--------------------------------------+-----+------------------------------+
 *  | channels 0-3: 64 bytes, one a token  | ... | magnitudes: 64 scale codes   |
 *  +--------------------------------------+-----+------------------------------+
 *  one byte: channel 0 in bits 0-1, channel 1 in bits 2-3, channel 2 in bits 4-5, channel 3 in bits 6-7
 * </pre>
 *
 * Channels behind the last one of the head have code 0 and must be given no weight.
 *
 * @param kvHeads  KV heads kept here
 * @param headSize channels of a head
 */
public record SketchLayout(int kvHeads, int headSize) {
    /** Lines of 64 bytes that hold the codes of a KV head. */
    public static int lines(int headSize) {
        return (headSize + 3) / 4;
    }

    /** Bytes of a KV head's sketch. */
    public long headBytes() {
        return (lines(headSize) + 1L) * KvLayout.BLOCK_TOKENS;
    }

    /** Bytes of a block of one layer. */
    public long blockBytes() {
        return kvHeads * headBytes();
    }
}
