package io.alisa.cache;

import io.alisa.device.DeviceLayer;
import io.alisa.device.HostBlocks;
import io.alisa.tier.DamagedPieceException;
import org.jspecify.annotations.Nullable;

/**
 * Keys and values of one layer of one session: a table of blocks, each in RAM or in the session's file.
 *
 * <p>Not thread-safe: the session is locked while a layer is used.
 */
public final class KvLayer implements HostBlocks {
    private final KvLayout layout;
    private final BlockTable table;
    /** Null where blocks never move: among the means of blocks. */
    private final @Nullable KvTiers tiers;
    private final BlockSource source;
    private final int index;
    private final int maxTokens;
    private final @Nullable KvDigest digest;
    private final @Nullable RecentFloats recent;
    private final TokenRows rows;
    private final HotTokens hot;
    private int tokens;
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
        this.index = index;
        this.maxTokens = maxTokens;
        this.digest = digest;
        this.recent = recent;
        this.source = source;
        this.table = new BlockTable(KvLayout.blocks(maxTokens), tiers != null);
        this.rows = new TokenRows(this, layout);
        this.hot = new HotTokens(layout);
    }

    public KvLayout layout() {
        return layout;
    }

    /** Its tokens one by one, as floats. */
    public TokenRows rows() {
        return rows;
    }

    /** Tokens this layer holds. */
    public int tokens() {
        return tokens;
    }

    /** Its tokens that are in RAM while their blocks are not. */
    public HotTokens hot() {
        return hot;
    }

    /** Most blocks it will hold. */
    int maxBlocks() {
        return table.maxBlocks();
    }

    /**
     * Has a device hold copies of sealed blocks, too; before there are any.
     *
     * @param takesDigests whether it is to take over digests as well
     */
    void setDevice(DeviceLayer beside, boolean takesDigests) {
        device = beside;
        if (digest != null && takesDigests) {
            digest.layOutByBlock();
        }
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
        return table.address(block);
    }

    @Override
    public boolean areDigested() {
        return digest != null && digest.isByBlock();
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
        return table.address(block) != 0;
    }

    /** Where its blocks are; but {@link #place} moves them. */
    BlockTable table() {
        return table;
    }

    int blockCount() {
        return table.count();
    }

    /** Blocks, from the first on, whose bytes do not change any more unless the host goes back. */
    int sealedBlocks() {
        return recent == null ? 0 : Math.min(recent.first(), table.count());
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
        table.addAll(from.table, count);
        inherited = count;
        tokens = count * KvLayout.BLOCK_TOKENS;
        if (digest != null && from.digest != null) {
            digest.inherit(from.digest, count);
        }
    }

    /** Tokens that must always be attended. */
    public PinnedSpans pinned() {
        return tiers == null ? PinnedSpans.NONE : tiers.pinned();
    }

    /** Says that a block is in RAM at an address now, or that it is not in RAM, 0. */
    void place(int block, long address) {
        if (pins > 0 && block < sealedBlocks()) {
            throw new IllegalStateException("Block " + block + " of layer " + index + " moves while it is read");
        }
        table.place(block, address);
    }

    // ---- deleted blocks

    /** Whether a block is in no tier. */
    boolean isDeleted(int block) {
        return table.isDeleted(block);
    }

    /** Whether all blocks are in some tier. */
    public boolean isComplete() {
        return table.isComplete();
    }

    /**
     * Has deleted blocks computed again, to stay as long as the layer is {@link #pin pinned}. Call it before blocks are
     * read that may be deleted; free of cost where none is.
     *
     * @throws io.alisa.tier.MemoryFullException where there is no room for that
     */
    public void recall() {
        if (!table.isComplete() && tiers != null) {
            tiers.deletions().recall(this);
        }
    }

    /** As {@link #recall()} where one of the deleted blocks is not on a device either. */
    public void recallWithDevice() {
        for (int block = 0; !table.isComplete() && block < table.count(); block++) {
            if (table.isDeleted(block) && (device == null || !device.holds(block))) {
                recall();
            }
        }
    }

    /** As {@link #recall()} where one of the blocks that something is wanted of is deleted: its word is not zero. */
    public void recall(long[] wanted) {
        for (int block = 0; !table.isComplete() && block < table.count(); block++) {
            if (table.isDeleted(block) && wanted[block] != 0) {
                recall();
            }
        }
    }

    /** As {@link #recall()} where one of a KV head's selected tokens is deleted. */
    public void recall(int kvHead, long[] selected) {
        for (int block = 0; !table.isComplete() && block < table.count(); block++) {
            if (table.isDeleted(block) && selected[block] != 0 && !hot.areHot(kvHead, block, selected[block])) {
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
        view.tokens = end;
        int first = start / KvLayout.BLOCK_TOKENS;
        view.table.addAll(table, first);
        for (int block = first; block < KvLayout.blocks(end); block++) {
            view.table.add(own + (block - first) * layout.blockBytes());
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
        long address = table.address(block);
        return address != 0 ? layout.headAddress(address, kvHead) : reader(worker).head(this, block, kvHead);
    }

    /** Address of a KV head in the block of a token; a block that is not in RAM is read by the calling thread. */
    public long head(int position, int kvHead) {
        int block = position / KvLayout.BLOCK_TOKENS;
        long address = table.address(block);
        return address == 0 && tiers != null
                ? tiers.readers().own().openHead(this, block, kvHead)
                : layout.headAddress(address, kvHead);
    }

    /**
     * Says that all blocks are about to be read, by {@link #reader readers} where they are not in RAM: until {@link #unpin}
     * none moves.
     */
    public void pin() {
        if (!table.isAllResident() && tiers != null) {
            tiers.readers().prepare();
        }
        pinForExport();
    }

    /** As {@link #pin} for somebody who needs no reader: with a buffer of his own. */
    void pinForExport() {
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
        return table.isAllResident();
    }

    /** Prepares reading by that many threads. */
    public void serveReaders(int workers) {
        if (tiers != null) {
            tiers.readers().of(workers - 1);
        }
    }

    /** What a worker reads sealed blocks with, see {@link #serveReaders}. */
    public BlockReader reader(int worker) {
        if (tiers == null) {
            throw new IllegalStateException("Means of blocks never leave RAM");
        }
        return tiers.readers().of(worker);
    }

    /** Says that a share of a block's tokens was attended in a step, 0 to 1. */
    public void noteUse(int block, float share) {
        table.noteUse(block, share);
    }

    /**
     * Says what a step attended of each KV head, after it: a word per block.
     *
     * @param selected {@code [kvHead]}
     */
    public void noteSelected(long[][] selected) {
        if (tiers != null && tiers.demotedBlocks() > 0 && hot.reserve(sealedBlocks(), tiers.room())) {
            hot.note(this, selected);
        }
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
            tiers.room().growHeap(end);
        }
        forgetFrom(start);
        int block = start / KvLayout.BLOCK_TOKENS;
        if (tiers != null && table.count() > block) {
            tiers.unseal(this, block);
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

    /** Forgets what lies from a position on. A block of which a part stays is as it was. */
    void forgetFrom(int start) {
        int block = start / KvLayout.BLOCK_TOKENS;
        if (device != null) {
            device.forget(block);
        }
        if (digest != null && digest.blocks() > block) {
            digest.resize(block);
        }
        while (tiers != null && table.count() > KvLayout.blocks(start)) {
            forgetLast();
        }
        if (start < tokens) {
            tokens = start;
            if (recent != null) {
                recent.cutBack(KvLayout.blocks(start));
            }
        }
    }

    /** Forgets all blocks but the first ones, whose tokens are all there are then. */
    void cutBack(int count) {
        forgetFrom(count * KvLayout.BLOCK_TOKENS);
        if (digest != null) {
            digest.cutBack(Math.min(count, digest.blocks()));
        }
    }

    private void forgetLast() {
        int last = table.count() - 1;
        hot.forget(last);
        if (tiers != null && !table.isDeleted(last)) {
            tiers.drop(this, last);
        }
        table.removeLast();
    }

    /** Forgets the blocks behind the first {@code count}, of a layer whose blocks never move. */
    void forgetBehind(int count) {
        while (table.count() > count) {
            table.removeLast();
        }
    }

    /** Refills the floats of a block that the host went back into, as well as eight bits allow. */
    private void restore(int end) {
        restore(end / KvLayout.BLOCK_TOKENS * KvLayout.BLOCK_TOKENS, end);
    }

    /** The same for all tokens of the newest block: nobody has its floats. */
    void restoreNewest() {
        restore((tokens - 1) / KvLayout.BLOCK_TOKENS * KvLayout.BLOCK_TOKENS, tokens);
    }

    private void restore(int start, int end) {
        float[] row = new float[layout.headSize()];
        for (int kvHead = 0; kvHead < layout.kvHeads(); kvHead++) {
            for (int position = start; position < end; position++) {
                rows.readInt8Key(position, kvHead, row);
                rows.putKey(position, kvHead, row, 0);
                rows.readInt8Value(position, kvHead, row);
                rows.putValue(position, kvHead, row, 0);
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

    /** Address of the block that is kept in floats, see {@link RecentFloats}; 0 where none is. */
    long recentBlock() {
        return recent == null ? 0 : recent.kept();
    }

    /** Whether a token is kept in floats: always in an F32 layer, and in the newest block of an INT8 layer. */
    boolean isFloat(int position) {
        return layout.format() == KvFormat.F32
                || (recent != null && position / KvLayout.BLOCK_TOKENS >= recent.first());
    }

    /** Where floats lie: in an INT8 layer only those of its newest blocks do. */
    KvLayout floats() {
        return recent == null ? layout : recent.layout();
    }

    /** Address of a KV head in an F32 block: any of an F32 layer, of an INT8 layer one that new tokens reach into. */
    public long floatHead(int position, int kvHead) {
        int block = position / KvLayout.BLOCK_TOKENS;
        return floats().headAddress(recent == null ? table.address(block) : recent.block(block), kvHead);
    }

    /** As {@link #resize(int, int)} where only new tokens are written. */
    public void resize(int end) {
        int needed = KvLayout.blocks(end);
        if (end > maxTokens) {
            throw new IllegalArgumentException(
                    "The context is full: position " + (end - 1) + " asked for, the model has "
                            + maxTokens + "; shorten the prompt or start a new session");
        }
        while (table.count() < needed) {
            table.add(source.block(index, table.count()));
        }
        tokens = end;
    }

    /** Gives up all blocks: their memory is about to go. */
    void forget() {
        if (device != null) {
            device.forget(0);
        }
        table.clear();
        hot.forget();
        tokens = 0;
        if (digest != null) {
            digest.forget();
        }
        if (recent != null) {
            recent.forget();
        }
    }
}
