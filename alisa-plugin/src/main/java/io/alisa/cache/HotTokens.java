package io.alisa.cache;

import java.util.Arrays;

import io.alisa.device.DeviceLayer;
import io.alisa.memory.OffHeap;

/**
 * Tokens of one layer that stay in RAM while the rest of their block is in the session's file, or deleted: those that one
 * step attends after the other. A block of which a KV head wants hot tokens only is not read.
 *
 * <p>For every run of {@link BlockReader#RUN} blocks a frame may be given up to them. It is laid out like a block, but its
 * 64 rows of a KV head are any tokens of the run. In their place a block could be in RAM, which would save a
 * {@code RUN}th of what is read of the run: so hot tokens {@link #pay} where more of the blocks than that are wanted for
 * tokens only that were wanted in the step before. The paper has token-level placement; how it pays beside blocks is ours.
 *
 * <p>Under the session's lock, but for the methods that take a KV head: while the layer is pinned, these may be called by
 * several workers, none of which shares a KV head's run with another.
 */
public final class HotTokens {
    private static final int RUN = BlockReader.RUN;
    /** Rows that a frame has for a KV head. */
    private static final int ROWS = KvLayout.BLOCK_TOKENS;
    private static final short FREE = -1;
    /** Steps over which the share of steady blocks is averaged, about. */
    private static final float MEMORY = 16;
    /** Share of the blocks to be read that must be steady for hot tokens to pay, and below which they are given up. */
    private static final float PAYS = 2f / RUN;
    private static final float LOSES = 0.5f / RUN;

    private final KvLayout layout;
    /** Address of each run's frame; 0 where it has none. */
    private long[] frames = {};
    private int frameCount;
    /** {@code [kvHead][block]}: a bit per token that the last step attended, and per token that is hot. */
    private final long[][] attended;
    private final long[][] hot;
    /** {@code [kvHead][run * ROWS + row]}: which token of the run a row is. */
    private final short[][] tokens;
    private int blocks;
    private float steady;

    HotTokens(KvLayout layout) {
        this.layout = layout;
        attended = new long[layout.kvHeads()][0];
        hot = new long[layout.kvHeads()][0];
        tokens = new short[layout.kvHeads()][0];
    }

    // ---- what is known of the steps

    /** Makes room for what is known of that many blocks, if the account has any. Returns whether there is room now. */
    boolean reserve(int count, KvRoom room) {
        if (count <= blocks) {
            return true;
        }
        int more = (Growth.of(blocks, count) + RUN - 1) / RUN * RUN;
        long bytes = heapBytes(more) - heapBytes(blocks);
        if (!room.reserveSpare(bytes)) {
            return false;
        }
        boolean there = false;
        try {
            grow(more);
            there = true;
            return true;
        } finally {
            if (!there) {
                room.release(bytes); // the heap has no room for it
            }
        }
    }

    private void grow(int more) {
        for (int head = 0; head < layout.kvHeads(); head++) {
            attended[head] = Arrays.copyOf(attended[head], more);
            hot[head] = Arrays.copyOf(hot[head], more);
            int known = tokens[head].length;
            tokens[head] = Arrays.copyOf(tokens[head], more / RUN * ROWS);
            Arrays.fill(tokens[head], known, tokens[head].length, FREE);
        }
        frames = Arrays.copyOf(frames, more / RUN);
        blocks = more;
    }

    private long heapBytes(int count) {
        long perRun = layout.kvHeads() * (2L * RUN * Long.BYTES + ROWS * Short.BYTES) + Long.BYTES;
        return count / RUN * perRun;
    }

    /**
     * Says what a step attended, after it.
     *
     * @param selected {@code [kvHead]} of a word per block
     */
    void note(KvLayer layer, long[][] selected) {
        int known = Math.min(blocks, layer.sealedBlocks());
        DeviceLayer device = layer.device();
        int wanted = 0;
        int same = 0;
        for (int head = 0; head < layout.kvHeads(); head++) {
            for (int block = 0; block < known; block++) {
                long now = selected[head][block];
                if (now != 0 && !layer.isResident(block) && (device == null || !device.holds(block))) {
                    wanted++;
                    same += (now & ~attended[head][block]) == 0 ? 1 : 0;
                }
                attended[head][block] = now;
            }
        }
        if (wanted > 0) {
            steady += (same / (float) wanted - steady) / MEMORY;
        }
    }

    // ---- frames

    /** Whether frames for hot tokens save more than blocks in their place would. */
    boolean pay() {
        return steady > PAYS;
    }

    /** Whether frames should be given up that were taken when they did. */
    boolean lose() {
        return steady < LOSES;
    }

    /** A run without a frame that has blocks which are not in RAM; -1 where there is none. */
    int runWithoutFrame(KvLayer layer) {
        for (int block = 0; block < Math.min(blocks, layer.sealedBlocks()); block++) {
            if (frames[block / RUN] == 0 && !layer.isResident(block)) {
                return block / RUN;
            }
        }
        return -1;
    }

    int runs() {
        return frames.length;
    }

    long frame(int run) {
        return frames[run];
    }

    /** Says where a run's hot tokens are from now on, in a frame for them, or in that they were moved to. */
    void place(int run, long frame) {
        frameCount += frames[run] == 0 ? 1 : 0;
        frames[run] = frame;
    }

    /** Gives all frames back. Returns whether there were any. */
    boolean giveBack(KvRoom room) {
        boolean any = frameCount > 0;
        for (int run = 0; run < frames.length && frameCount > 0; run++) {
            if (frames[run] != 0) {
                giveBack(run, room);
            }
        }
        if (any) {
            forgetRows();
        }
        return any;
    }

    /** Gives the frames of those runs back all of whose blocks are in RAM, or gone. */
    void giveBackUnused(KvLayer layer, KvRoom room) {
        for (int run = 0; run < frames.length && frameCount > 0; run++) {
            if (frames[run] != 0 && isResident(layer, run)) {
                giveBack(run, room);
                for (int block = run * RUN; block < (run + 1) * RUN; block++) {
                    forget(block);
                }
            }
        }
    }

    private void giveBack(int run, KvRoom room) {
        room.give(frames[run]);
        frames[run] = 0;
        frameCount--;
    }

    private static boolean isResident(KvLayer layer, int run) {
        int block = run * RUN;
        int end = Math.min(block + RUN, layer.sealedBlocks());
        while (block < end && layer.isResident(block)) {
            block++;
        }
        return block >= end;
    }

    // ---- tokens

    /** Whether all that the last step attended of a block is hot, so that the block itself was not needed. */
    boolean suffice(int block) {
        boolean all = frameCount > 0;
        for (int head = 0; all && head < layout.kvHeads(); head++) {
            all = block < blocks && areHot(head, block, attended[head][block]);
        }
        return all;
    }

    /** Whether the last step did without a KV head of a block: attended nothing of it, or what is hot. */
    public boolean wasSpared(int kvHead, int block) {
        return block < blocks
                && (attended[kvHead][block] == 0 || areHot(kvHead, block, attended[kvHead][block]));
    }

    /** Whether all the wanted tokens of a block are hot. */
    public boolean areHot(int kvHead, int block, long wanted) {
        return frameCount > 0 && block < blocks && (wanted & ~hot[kvHead][block]) == 0;
    }

    /** Address of the KV head in which {@link #row rows} of a block's hot tokens are counted, see {@link KvLayout}. */
    public long head(int kvHead, int block) {
        return layout.headAddress(frames[block / RUN], kvHead);
    }

    /** Which row a hot token is. */
    public int row(int kvHead, int block, int token) {
        short wanted = (short) (block % RUN * KvLayout.BLOCK_TOKENS + token);
        int first = block / RUN * ROWS;
        for (int row = 0; row < ROWS; row++) {
            if (tokens[kvHead][first + row] == wanted) {
                return row;
            }
        }
        throw new IllegalStateException("Token " + token + " of block " + block + " is not hot");
    }

    /**
     * Keeps the tokens of a block that were attended in the step before, too, as far as there are rows for them.
     *
     * @param head    address of the KV head in the block
     * @param nowAttended the tokens that this step attends
     */
    public void keep(int kvHead, int block, long head, long nowAttended) {
        if (frameCount == 0 || block >= blocks || frames[block / RUN] == 0) {
            return;
        }
        long left = nowAttended & attended[kvHead][block] & ~hot[kvHead][block];
        for (; left != 0; left &= left - 1) {
            int token = Long.numberOfTrailingZeros(left);
            int row = rowFor(kvHead, block / RUN);
            if (row < 0) {
                return;
            }
            copy(head, token, head(kvHead, block), row);
            tokens[kvHead][block / RUN * ROWS + row] = (short) (block % RUN * KvLayout.BLOCK_TOKENS + token);
            hot[kvHead][block] |= 1L << token;
        }
    }

    /** A free row, or that of a token which the last step did not attend; -1 where all are attended. */
    private int rowFor(int kvHead, int run) {
        short[] known = tokens[kvHead];
        for (int i = run * ROWS; i < (run + 1) * ROWS; i++) {
            int block = run * RUN + known[i] / KvLayout.BLOCK_TOKENS;
            if (known[i] == FREE) {
                return i - run * ROWS;
            }
            long bit = 1L << known[i];
            if ((attended[kvHead][block] & bit) == 0) {
                hot[kvHead][block] &= ~bit;
                return i - run * ROWS;
            }
        }
        return -1;
    }

    private void copy(long from, int token, long to, int row) {
        OffHeap.copy(layout.int8Row(from, token), layout.int8Row(to, row), layout.int8Row(0, 1));
        OffHeap.setByte(layout.keyScale(to, row), OffHeap.getByte(layout.keyScale(from, token)));
        OffHeap.setByte(layout.valueScale(to, row), OffHeap.getByte(layout.valueScale(from, token)));
    }

    /** Keeps what was attended of late of a block that is about to leave RAM, or the file. */
    void leaves(KvLayer layer, int block) {
        boolean any = frameCount > 0 && block < blocks && layer.isResident(block);
        for (int head = 0; any && head < layout.kvHeads(); head++) {
            keep(head, block, layout.headAddress(layer.block(block), head), attended[head][block]);
        }
    }

    /** Forgets a block: it is in RAM now, or gone, or about to change. */
    void forget(int block) {
        for (int head = 0; head < layout.kvHeads() && block < blocks; head++) {
            if (hot[head][block] != 0) {
                forgetRows(head, block);
            }
            attended[head][block] = 0;
        }
    }

    private void forgetRows(int head, int block) {
        int run = block / RUN;
        for (int i = run * ROWS; i < (run + 1) * ROWS; i++) {
            if (tokens[head][i] != FREE && run * RUN + tokens[head][i] / KvLayout.BLOCK_TOKENS == block) {
                tokens[head][i] = FREE;
            }
        }
        hot[head][block] = 0;
    }

    private void forgetRows() {
        for (int head = 0; head < layout.kvHeads(); head++) {
            Arrays.fill(hot[head], 0);
            Arrays.fill(tokens[head], FREE);
        }
    }

    /** Forgets everything: the memory of the frames is about to go. */
    void forget() {
        Arrays.fill(frames, 0);
        frameCount = 0;
        forgetRows();
        for (long[] words : attended) {
            Arrays.fill(words, 0);
        }
    }

    /** How many tokens are hot, summed over the KV heads. */
    int count() {
        int count = 0;
        for (int head = 0; head < layout.kvHeads() && frameCount > 0; head++) {
            for (int block = 0; block < blocks; block++) {
                count += Long.bitCount(hot[head][block]);
            }
        }
        return count;
    }
}
