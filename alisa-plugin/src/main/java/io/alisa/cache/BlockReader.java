package io.alisa.cache;

import java.nio.ByteBuffer;

import org.jspecify.annotations.Nullable;

import io.alisa.tier.PieceFile;
import io.alisa.tier.PieceReader;

/**
 * Reads sealed blocks wherever they are: those in RAM where they lie, the others through a staging buffer that holds what
 * one KV head has in one run of blocks. Owned by one worker, while the layer is {@link KvLayer#pin pinned}.
 */
public final class BlockReader {
    /** Blocks that can be open at once: from a multiple of this on. */
    public static final int RUN = PieceFile.RUN;

    private final SlowTier slow;
    /** Made with the staging buffer: most sessions never read from a file. */
    private @Nullable PieceReader pieces;
    private final int pieceBytes;
    private @Nullable HeldBytes held;
    private @Nullable ByteBuffer staging;
    private long address;
    private @Nullable KvLayer layer;
    private int kvHead;
    private int first;
    /** A bit per block from {@link #first} on that is in the staging buffer. */
    private int staged;

    BlockReader(SlowTier slow, int pieceBytes) {
        this.slow = slow;
        this.pieceBytes = pieceBytes;
    }

    long stagingBytes() {
        return (long) RUN * pieceBytes;
    }

    boolean hasStaging() {
        return staging != null;
    }

    /** @param bytes {@link #stagingBytes()} of them; its own from now on */
    void setStaging(HeldBytes bytes) {
        held = bytes;
        staging = bytes.buffer();
        pieces = new PieceReader();
        address = bytes.address();
    }

    /** Gives the buffer back: nothing can be read until there is another one. */
    void giveBackStaging() {
        HeldBytes existing = held;
        if (existing != null) {
            forget();
            held = null;
            staging = null;
            pieces = null;
            existing.close();
        }
    }

    /** What is staged may have changed. */
    void forget() {
        layer = null;
        staged = 0;
    }

    /**
     * Opens the blocks {@code from} to {@code end - 1} of a KV head, all of one run.
     *
     * @throws io.alisa.tier.DamagedPieceException where one does not come back as it was written
     */
    public void open(KvLayer kv, int head, int from, int end) {
        begin(kv, head, from);
        for (int block = from; block < end;) {
            block = kv.isResident(block) ? block + 1 : stage(kv, block, end, null, false);
        }
    }

    /**
     * Opens those of the blocks of which something is wanted.
     *
     * @param wanted a word per block: zero where nothing is wanted of it
     */
    public void open(KvLayer kv, int head, int from, int end, long[] wanted) {
        begin(kv, head, from);
        for (int block = from; block < end;) {
            block = isMissing(kv, block, wanted, false) ? stage(kv, block, end, wanted, false) : block + 1;
        }
    }

    /**
     * Opens those of the blocks of which tokens are selected that are not in RAM one by one, see {@link KvLayer#hot}.
     *
     * @param selected a word per block, a bit per token
     */
    public void openSelected(KvLayer kv, int head, int from, int end, long[] selected) {
        begin(kv, head, from);
        for (int block = from; block < end;) {
            block = isMissing(kv, block, selected, true) ? stage(kv, block, end, selected, true) : block + 1;
        }
    }

    private boolean isMissing(KvLayer kv, int block, long @Nullable [] wanted, boolean tokenwise) {
        return !kv.isResident(block) && (wanted == null
                || (wanted[block] != 0 && !(tokenwise && kv.hot().areHot(kvHead, block, wanted[block]))));
    }

    private void begin(KvLayer kv, int head, int from) {
        layer = kv;
        kvHead = head;
        first = from / RUN * RUN;
        staged = 0;
    }

    /** Reads one stretch of blocks in one request. Returns the block after it. */
    private int stage(KvLayer kv, int block, int end, long @Nullable [] wanted, boolean tokenwise) {
        int last = block + 1;
        while (last < end && isMissing(kv, last, wanted, tokenwise)) {
            last++;
        }
        ByteBuffer buffer = staging;
        PieceReader reader = pieces;
        if (buffer == null || reader == null) {
            throw new IllegalStateException("A layer with blocks in the slow tier is read without being pinned");
        }
        int offset = (block - first) * pieceBytes;
        buffer.clear().position(offset);
        slow.read(reader, kv.index(), kvHead, block, last - block, buffer);
        staged |= (int) ((1L << (last - first)) - (1L << (block - first)));
        return last;
    }

    /** Whether {@link #head} has an address for a KV head of a block now. */
    public boolean isOpen(KvLayer kv, int block, int head) {
        return kv.isResident(block) || isStaged(kv, block, head);
    }

    private boolean isStaged(KvLayer kv, int block, int head) {
        return kv == layer && head == kvHead && block / RUN * RUN == first && ((staged >>> (block - first)) & 1) != 0;
    }

    /** Address of the open KV head in a block, see {@link KvLayout}. */
    public long head(KvLayer kv, int block, int head) {
        if (kv.isResident(block)) {
            return kv.layout().headAddress(kv.block(block), head);
        }
        if (!isStaged(kv, block, head)) {
            throw new IllegalStateException("Block " + block + " is not open");
        }
        return address + (long) (block - first) * pieceBytes;
    }

    /** As {@link #head}, opening what is in the slow tier of the block's run where it is not open yet. */
    long openHead(KvLayer kv, int block, int head) {
        if (!isStaged(kv, block, head)) {
            open(kv, head, block, block + 1);
        }
        return head(kv, block, head);
    }
}
