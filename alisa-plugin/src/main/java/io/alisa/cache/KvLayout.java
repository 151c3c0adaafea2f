package io.alisa.cache;

/**
 * Where everything is inside a block: 64 consecutive tokens of one layer.
 *
 * <p>F32 blocks are laid out for the kernels. Each KV head is one contiguous piece that a decode step reads front to
 * back, once, for all query heads of its group:
 *
 * <pre>
 *  block (one layer, 64 tokens)
 *  +--------------------+--------------------+-----+
 *  | KV head 0          | KV head 1          | ... |
 *  +--------------------+--------------------+-----+
 *  one KV head                           headSize = d, padded to 16: D
 *  +------------------------------------+----------------------------------------+
 *  | keys, channel by channel           | values, token by token                 |
 *  | k[0][0..63] k[1][0..63] .. k[d-1]  | v[0][0..D-1] v[1][0..D-1] .. v[63]     |
 *  +------------------------------------+----------------------------------------+
 * </pre>
 *
 * Keys lie channel by channel so that 64 scores grow side by side in vector lanes: no horizontal sum per token.
 * Values lie token by token so that the output channels do. A cache line holds 16 floats, hence the padding.
 *
 * <p>INT8 blocks hold each token as one row, so that a few tokens can be gathered from many blocks at the price of a
 * cache line or two each, and a whole block is still one stream. Every row has scales of its own
 * ({@link ScaleCode}), hence depends on no other token: rows of any blocks can be worked on together, and a token is
 * INT8 from the start.
 *
 * <pre>
 *  one KV head                                   headSize padded to 4: p
 *  +---------------------------------------+-----+------------------+--------------------+
 *  | token 0: key k[0..p-1] value v[0..p-1]| ... | 64 scales of keys| 64 scales of values|
 *  +---------------------------------------+-----+------------------+--------------------+
 * </pre>
 *
 * <p>BF16 blocks are laid out as the host lays out its own pages, token by token over all KV heads, because there
 * the host's own operations read them:
 *
 * <pre>
 *  +-----------------------------------------+-------------------------------------------+
 *  | keys: 64 rows of kvHeads * headSize     | values: 64 rows of kvHeads * headSize     |
 *  +-----------------------------------------+-------------------------------------------+
 * </pre>
 *
 * @param format   format of keys and values
 * @param kvHeads  KV heads kept here (a head-split model keeps a part)
 * @param headSize channels of a head
 */
public record KvLayout(KvFormat format, int kvHeads, int headSize) {
    /** Tokens of a block. */
    public static final int BLOCK_TOKENS = 64;

    /** Floats of a cache line. */
    private static final int LINE = 16;

    public KvLayout {
        if (kvHeads < 1 || headSize < 1) {
            throw new IllegalArgumentException("Not a shape: " + kvHeads + " KV heads of " + headSize);
        }
    }

    /** Blocks that hold {@code tokens} tokens, the last one perhaps in part. */
    public static int blocks(int tokens) {
        return (tokens + BLOCK_TOKENS - 1) / BLOCK_TOKENS;
    }

    /** Channels of a value row, padded to whole cache lines. */
    public int paddedHeadSize() {
        return padded(headSize);
    }

    /** {@code headSize} padded to whole cache lines of floats. */
    public static int padded(int headSize) {
        return (headSize + LINE - 1) / LINE * LINE;
    }

    /** Bytes of an INT8 key, and of an INT8 value: the head size padded to four. */
    public static int int8RowBytes(int headSize) {
        return (headSize + 3) / 4 * 4;
    }

    /** Bytes of the keys of one KV head (F32) or of all (BF16) in a block. */
    public long keyBytes() {
        return format == KvFormat.F32
                ? (long) headSize * BLOCK_TOKENS * Float.BYTES
                : (long) BLOCK_TOKENS * rowBytes();
    }

    /** Bytes of one KV head in an F32 or INT8 block. */
    public long headBytes() {
        if (format == KvFormat.INT8) {
            return BLOCK_TOKENS * (2L * int8RowBytes(headSize) + 2);
        }
        return keyBytes() + (long) paddedHeadSize() * BLOCK_TOKENS * Float.BYTES;
    }

    /** Bytes of a token's key (or value) row over all KV heads as the host keeps it. */
    public long rowBytes() {
        return (long) kvHeads * headSize * format.bytes();
    }

    /** Bytes of a block of one layer. */
    public long blockBytes() {
        return format == KvFormat.BF16 ? 2 * keyBytes() : kvHeads * headBytes();
    }

    /** Address of a KV head in an F32 or INT8 block; in an F32 block its values follow {@link #keyBytes()} later. */
    public long headAddress(long block, int kvHead) {
        return block + kvHead * headBytes();
    }

    /** Address of a token's key in an INT8 block whose KV head starts at {@code head}; the value follows it. */
    public long int8Row(long head, int index) {
        return head + 2L * int8RowBytes(headSize) * index;
    }

    /** Address of the {@link ScaleCode} of a token's key in an INT8 block. */
    public long keyScale(long head, int index) {
        return int8Row(head, BLOCK_TOKENS) + index;
    }

    /** Address of the {@link ScaleCode} of a token's value in an INT8 block. */
    public long valueScale(long head, int index) {
        return keyScale(head, index) + BLOCK_TOKENS;
    }
}
