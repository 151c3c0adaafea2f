package io.alisa.schedule;

/**
 * Bytes of everything, over all layers and sequences. The paper has 4*b*l*h for a token (section V-A: FP16, one KV head
 * per query head); ours knows INT8, grouped heads and what is kept beside the rows.
 *
 * @param model          the model
 * @param precision      how keys and values are kept
 * @param blockTokens    tokens that move together: 64 in the plugin, 1 in the paper
 * @param digested       whether a digest of every full block stays in the fast tier
 * @param sequences      sequences of equal length that are decoded together: the paper's batch b
 * @param heapTokenBytes what is kept on the heap for a token, under the fast tier's cap
 */
public record ByteModel(ModelDimensions model, KvPrecision precision, int blockTokens, boolean digested,
        int sequences, double heapTokenBytes) {
    /** Tokens of a block of the plugin. */
    public static final int BLOCK_TOKENS = 64;

    public ByteModel {
        if (blockTokens < 1 || sequences < 1) {
            throw new IllegalArgumentException(
                    "Blocks of " + blockTokens + " tokens, " + sequences + " sequences: at least 1 of each is needed");
        }
    }

    /** Nothing is kept on the heap. */
    public ByteModel(ModelDimensions model, KvPrecision precision, int blockTokens, boolean digested, int sequences) {
        this(model, precision, blockTokens, digested, sequences, 0);
    }

    /** The same, but so much is kept on the heap for each token. */
    public ByteModel withHeap(double bytesPerToken) {
        return new ByteModel(model, precision, blockTokens, digested, sequences, bytesPerToken);
    }

    /** One session of the plugin: INT8 in blocks of 64. */
    public static ByteModel ofSession(ModelDimensions model, boolean digested) {
        return ofSession(model, KvPrecision.INT8, digested);
    }

    /** One session of the plugin, in blocks of 64. */
    public static ByteModel ofSession(ModelDimensions model, KvPrecision precision, boolean digested) {
        return new ByteModel(model, precision, BLOCK_TOKENS, digested, 1);
    }

    /** Keys and values of a token in one layer. */
    public long layerRowBytes() {
        return (long) sequences * model.kvHeads() * precision.headBytes(model.headSize());
    }

    /** Keys and values of a token. The same in the slow tier: rows move as they are. */
    public long rowBytes() {
        return model.layers() * layerRowBytes();
    }

    /** A block of every layer: what a {@link Decision} counts. */
    public long blockBytes() {
        return blockTokens * rowBytes();
    }

    /** Two bits a channel and a scale per token, and the block's mean key and value. Never leaves the fast tier. */
    public long digestBytes() {
        if (!digested) {
            return 0;
        }
        long sketch = ((model.headSize() + 3L) / 4 + 1) * blockTokens;
        return (long) sequences * model.layers() * model.kvHeads()
                * (sketch + KvPrecision.INT8.headBytes(model.headSize()));
    }

    /** What a session holds beside blocks and digests: in INT8 the newest block of every layer as floats. */
    public long sessionBytes() {
        return precision == KvPrecision.INT8 && blockTokens > 1
                ? (long) sequences * model.layers() * blockTokens * model.kvHeads()
                        * KvPrecision.F32.headBytes(model.headSize())
                : 0;
    }

    /** A token's share of the digest. */
    public double digestTokenBytes() {
        return digestBytes() / (double) blockTokens;
    }

    /** What a token of the context costs in the fast tier wherever its rows are. */
    public double stayingTokenBytes() {
        return digestTokenBytes() + heapTokenBytes;
    }

    /** What the host's own cache would hold for {@code tokens}: whole rows of {@code valueBytes} a value. */
    public long hostBytes(long tokens, int valueBytes) {
        return 2L * sequences * model.layers() * model.kvWidth() * valueBytes * tokens;
    }
}
