package io.alisa.cache;

import java.util.Arrays;

import io.alisa.device.DeviceLayer;
import io.alisa.device.HostBlocks;
import io.alisa.memory.OffHeap;
import io.alisa.tier.DamagedPieceException;
import org.jspecify.annotations.Nullable;

/**
 * Keys and values of one layer of one session: a table of blocks, each in RAM or in the session's file.
 *
 * <p>Not thread-safe: the session is locked while a layer is used.
 */
public final class KvLayer implements HostBlocks {
    /** Steps over which the use of a block is averaged, about. */
    private static final float USE_MEMORY = 16;

    private final KvLayout layout;
    private final long[] blocks;
    /** Null where blocks never move: among the means of blocks. */
    private final @Nullable KvTiers tiers;
    private final BlockSource source;
    private final int index;
    /** How much a block was attended lately, see {@link #noteUse}. */
    private final float[] use;
    private final int maxTokens;
    private final @Nullable KvDigest digest;
    private final @Nullable RecentFloats recent;
    private int blockCount;
    private int tokens;
    /** Blocks that are not in RAM. */
    private int away;
    /** Blocks that are nowhere, and how many: they must be computed again before they are read. */
    private final boolean[] gone;
    private int deleted;
    /** First blocks that are another session's, see {@link #inherit}. */
    private int inherited;
    /** Whether this is the layer as an earlier batch sees it, see {@link #view}. */
    private boolean isView;
    private int pins;
    private @Nullable DeviceLayer device;

    KvLayer(KvLayout layout, int index, int maxTokens, @Nullable KvDigest digest,
            @Nullable RecentFloats recent, @Nullable KvTiers tiers, BlockSource source) {
        this.layout = layout;
        this.tiers = tiers;
        this.use = new float[tiers == null ? 0 : KvLayout.blocks(maxTokens)];
        this.gone = new boolean[use.length];
        this.index = index;
        this.maxTokens = maxTokens;
        this.digest = digest;
        this.recent = recent;
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

    /** Most blocks it will hold. */
    int maxBlocks() {
        return blocks.length;
    }

    /** Has a device hold copies of sealed blocks, too; null: none from now on. */
    void setDevice(@Nullable DeviceLayer beside) {
        device = beside;
    }

    /** Which sealed blocks are on a device, too; null where there is none. */
    public @Nullable DeviceLayer device() {
        return device;
    }

    /** Which layer of its session this is. */
    int index() {
        return index;
    }

    /** Address of a block in RAM, see {@link KvLayout}; 0 where it is not there. */
    @Override
    public long block(int block) {
        return blocks[block];
    }

    @Override
    public boolean areDigested() {
        return digest != null;
    }

    @Override
    public long sketch(int block) {
        return digest == null ? 0 : digest.sketch(block, 0);
    }

    @Override
    public long means(int index) {
        return digest == null ? 0 : digest.means().block(index);
    }

    /** Whether a block is in RAM. */
    public boolean isResident(int block) {
        return blocks[block] != 0;
    }

    int blockCount() {
        return blockCount;
    }

    /** Blocks, from the first on, whose bytes do not change any more unless the host goes back. */
    int sealedBlocks() {
        return recent == null ? 0 : Math.min(recent.first(), blockCount);
    }

    // ---- blocks that sessions share

    /** Blocks, from the first on, that neither move nor change: another session's, or read by others. */
    int anchored() {
        return tiers == null ? 0 : Math.max(inherited, tiers.frozenBlocks());
    }

    /**
     * Takes over the first blocks of another session's layer, which stay where they are. This layer is empty.
     *
     * @throws io.alisa.tier.MemoryFullException where there is no room for the digests
     */
    void inherit(KvLayer from, int count) {
        System.arraycopy(from.blocks, 0, blocks, 0, count);
        for (int block = 0; block < count; block++) {
            away += blocks[block] == 0 ? 1 : 0;
        }
        inherited = count;
        blockCount = count;
        tokens = count * KvLayout.BLOCK_TOKENS;
        if (digest != null && from.digest != null) {
            digest.inherit(from.digest, count);
        }
    }

    /** Tokens that must always be attended. */
    public PinnedSpans pinned() {
        return tiers == null ? PinnedSpans.NONE : tiers.pinned();
    }

    /** The first block that is in no tier; the number of blocks where all are in one. */
    int firstDeleted() {
        int block = 0;
        while (block < blockCount && !isDeleted(block)) {
            block++;
        }
        return block;
    }

    /** Says that a block is in RAM at an address now, or that it is not in RAM, 0. */
    void place(int block, long address) {
        if (pins > 0 && block < sealedBlocks()) {
            throw new IllegalStateException("Block " + block + " of layer " + index + " moves while it is read");
        }
        if (blocks[block] == 0) {
            away--;
        }
        if (address == 0) {
            away++;
        }
        blocks[block] = address;
    }

    // ---- deleted blocks

    /** Whether a block is in no tier. */
    boolean isDeleted(int block) {
        return deleted > 0 && gone[block];
    }

    /** Whether all blocks are in some tier. */
    public boolean isComplete() {
        return deleted == 0;
    }

    /** Says that a block is in no tier any more. */
    void delete(int block) {
        if (blocks[block] != 0) {
            place(block, 0);
        }
        gone[block] = true;
        deleted++;
    }

    /** Says that a deleted block can be read at an address for now. */
    void lend(int block, long address) {
        blocks[block] = address;
        gone[block] = false;
        away--;
        deleted--;
    }

    /** Says that a lent block is deleted again. */
    void takeBack(int block) {
        blocks[block] = 0;
        gone[block] = true;
        away++;
        deleted++;
    }

    /** Says that a lent block is at an address of its own from now on. */
    void settleIn(int block, long address) {
        blocks[block] = address;
    }

    /**
     * Has deleted blocks computed again, to stay as long as the layer is {@link #pin pinned}. Call it before blocks are
     * read that may be deleted; free of cost where none is.
     *
     * @throws io.alisa.tier.MemoryFullException where there is no room for that
     */
    public void recall() {
        if (deleted > 0 && tiers != null) {
            tiers.deletions().recall(this);
        }
    }

    /** As {@link #recall()} where one of the deleted blocks is not on a device either. */
    public void recallWithDevice() {
        for (int block = 0; deleted > 0 && block < blockCount; block++) {
            if (gone[block] && (device == null || !device.holds(block))) {
                recall();
            }
        }
    }

    /** As {@link #recall()} where one of the blocks that something is wanted of is deleted: its word is not zero. */
    public void recall(long[] wanted) {
        for (int block = 0; deleted > 0 && block < blockCount; block++) {
            if (gone[block] && wanted[block] != 0) {
                recall();
            }
        }
    }

    /**
     * Runs what reads blocks. Where blocks of the slow tier turn out to be damaged they are computed again and it is run
     * once more, so it must not matter whether it ran before.
     */
    public void read(Runnable reading) {
        while (true) {
            try {
                reading.run();
                return;
            } catch (DamagedPieceException e) {
                if (tiers == null || isView) {
                    throw e;
                }
                tiers.deletions().mend(this, e);
            }
        }
    }

    /**
     * The layer as a batch saw it when it came first: the blocks before it where they are now, then blocks of its own.
     *
     * @param own address of the first of these, followed by the others
     */
    KvLayer view(int start, int end, long own, RecentFloats floats) {
        KvLayer view = new KvLayer(layout, index, end, null, floats, tiers, source);
        view.isView = true;
        view.blockCount = KvLayout.blocks(end);
        view.tokens = end;
        int first = start / KvLayout.BLOCK_TOKENS;
        for (int block = 0; block < view.blockCount; block++) {
            view.blocks[block] = block < first ? blocks[block] : own + (block - first) * layout.blockBytes();
            if (view.blocks[block] == 0) {
                view.away++;
            }
        }
        floats.begin(start, end);
        return view;
    }

    // ---- reading

    /**
     * Address of a KV head in a sealed block: in RAM, else where the worker's {@link #reader} has it, which has it open.
     *
     * @param worker of the calling thread
     */
    public long head(int block, int kvHead, int worker) {
        return blocks[block] != 0
                ? layout.headAddress(blocks[block], kvHead)
                : reader(worker).head(this, block, kvHead);
    }

    /** Address of a KV head in the block of a token; a block that is not in RAM is read by the calling thread. */
    public long head(int position, int kvHead) {
        int block = position / KvLayout.BLOCK_TOKENS;
        if (blocks[block] == 0 && tiers != null) {
            return tiers.openHead(this, block, kvHead);
        }
        return layout.headAddress(blocks[block], kvHead);
    }

    /**
     * Says that all blocks are about to be read, by {@link #reader readers} where they are not in RAM: until {@link #unpin}
     * none moves.
     */
    public void pin() {
        if (away > 0 && tiers != null) {
            tiers.prepareReaders();
        }
        pins++;
    }

    public void unpin() {
        pins--;
        if (pins == 0 && tiers != null) {
            tiers.deletions().giveBack(this);
        }
    }

    boolean isPinned() {
        return pins > 0;
    }

    /** Whether all blocks are in RAM. */
    public boolean isAllResident() {
        return away == 0;
    }

    /** Prepares reading by that many threads. */
    public void serveReaders(int workers) {
        if (tiers != null) {
            tiers.reader(workers - 1);
        }
    }

    /** What a worker reads sealed blocks with, see {@link #serveReaders}. */
    public BlockReader reader(int worker) {
        if (tiers == null) {
            throw new IllegalStateException("Means of blocks never leave RAM");
        }
        return tiers.reader(worker);
    }

    float use(int block) {
        return use[block];
    }

    /** Says that a share of a block's tokens was attended in a step, 0 to 1. */
    public void noteUse(int block, float share) {
        use[block] += (share - use[block]) / USE_MEMORY;
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
        if (start < anchored() * KvLayout.BLOCK_TOKENS) {
            throw new IllegalStateException("Tokens from " + start + " on can't be others: the first "
                    + anchored() * KvLayout.BLOCK_TOKENS + " are shared with another session; use a new session");
        }
        if (tiers != null && index == 0) {
            tiers.beginStep(start);
            tiers.growHeap(end);
        }
        int block = start / KvLayout.BLOCK_TOKENS;
        if (device != null) {
            device.forget(block);
        }
        if (digest != null && digest.blocks() > block) {
            digest.resize(block);
        }
        if (tiers != null) {
            while (blockCount > KvLayout.blocks(start)) {
                forgetLast();
            }
            if (blockCount > block) {
                tiers.unseal(this, block);
            }
        }
        // First, for it says which blocks are not sealed from now on: they stay in RAM.
        boolean missing = recent != null && recent.begin(start, end);
        resize(end);
        if (missing) {
            restore(start);
        }
        if (recent != null) {
            recent.begun();
        }
    }

    /** Forgets all blocks but the first ones, whose tokens are all there are then. */
    void cutBack(int count) {
        if (device != null) {
            device.forget(count);
        }
        if (digest != null && digest.blocks() > count) {
            digest.resize(count);
        }
        while (blockCount > count) {
            forgetLast();
        }
        tokens = count * KvLayout.BLOCK_TOKENS;
        if (recent != null) {
            recent.cutBack(count);
        }
    }

    private void forgetLast() {
        int last = blockCount - 1;
        if (isDeleted(last)) {
            gone[last] = false;
            deleted--;
        } else if (tiers != null) {
            tiers.drop(this, last);
        }
        blockCount--;
        away--; // it is nowhere any more
    }

    /** Refills the floats of a block that the host went back into, as well as eight bits allow. */
    private void restore(int end) {
        float[] row = new float[layout.headSize()];
        for (int kvHead = 0; kvHead < layout.kvHeads(); kvHead++) {
            for (int position = end / KvLayout.BLOCK_TOKENS * KvLayout.BLOCK_TOKENS; position < end; position++) {
                readInt8Key(position, kvHead, row);
                putKey(position, kvHead, row, 0);
                readInt8Value(position, kvHead, row);
                putValue(position, kvHead, row, 0);
            }
        }
    }

    /** Says that the tokens up to the last one are written and attended. */
    public void settle() {
        if (recent != null) {
            recent.settle(tokens);
        }
        if (device != null) {
            device.update(this, digest == null ? sealedBlocks() : Math.min(sealedBlocks(), digest.blocks()));
        }
    }

    /** Address of the block that is kept in floats, see {@link RecentFloats}; 0 where none was yet. */
    long recentBlock() {
        return recent == null ? 0 : recent.kept();
    }

    /** Whether a token is kept in floats: always in an F32 layer, and in the newest block of an INT8 layer. */
    private boolean isFloat(int position) {
        return layout.format() == KvFormat.F32
                || (recent != null && position / KvLayout.BLOCK_TOKENS >= recent.first());
    }

    /** Where floats lie: in an INT8 layer only those of its newest blocks do. */
    private KvLayout floats() {
        return recent == null ? layout : recent.layout();
    }

    /** Address of a KV head in an F32 block: any of an F32 layer, of an INT8 layer one that new tokens reach into. */
    public long floatHead(int position, int kvHead) {
        int block = position / KvLayout.BLOCK_TOKENS;
        return floats().headAddress(recent == null ? blocks[block] : recent.block(block), kvHead);
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
        if (device != null) {
            device.forget(0);
        }
        blockCount = 0;
        tokens = 0;
        away = 0;
        deleted = 0;
        Arrays.fill(gone, false);
        Arrays.fill(blocks, 0);
        if (digest != null) {
            digest.forget();
        }
        if (recent != null) {
            recent.forget();
        }
    }

    /** Writes a new token's key of one KV head in floats; an INT8 layer wants it in {@link #head} too. */
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
        if (!isFloat(position)) {
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
        if (!isFloat(position)) {
            readInt8Value(position, kvHead, value);
            return;
        }
        long address = valueAddress(position, kvHead);
        for (int channel = 0; channel < layout.headSize(); channel++) {
            value[channel] = OffHeap.getFloat(address + (long) channel * Float.BYTES);
        }
    }

    private void readInt8Key(int position, int kvHead, float[] key) {
        long head = head(position, kvHead);
        int index = position % KvLayout.BLOCK_TOKENS;
        readInt8(layout.int8Row(head, index), layout.keyScale(head, index), key);
    }

    private void readInt8Value(int position, int kvHead, float[] value) {
        long head = head(position, kvHead);
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
        return floatHead(position, kvHead) + (long) (position % KvLayout.BLOCK_TOKENS) * Float.BYTES;
    }

    private long valueAddress(int position, int kvHead) {
        return floatHead(position, kvHead) + floats().keyBytes()
                + (long) (position % KvLayout.BLOCK_TOKENS) * layout.paddedHeadSize() * Float.BYTES;
    }
}
