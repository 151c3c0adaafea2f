package io.alisa.cache;

import java.util.Arrays;

import io.alisa.memory.OffHeap;

/**
 * What is kept about the full blocks of a layer, beside the blocks: of each block its mean key and value, and a sketch
 * of its keys, by which tokens are chosen and the skipped ones estimated.
 *
 * <p>The means are a {@link KvLayer} of their own, INT8, in which token {@code b} is the mean of block {@code b}.
 *
 * <p>Sketches lie in runs of {@link #RUN} blocks, those of a KV head together: tokens are chosen KV head by KV head, and
 * memory that is read in one stream comes faster than the same in pieces of a kilobyte. A device takes over block by block,
 * so for one the KV heads of a block lie together instead.
 *
 * <p>Not thread-safe: the session is locked while a layer is used.
 */
public final class KvDigest {
    /** Blocks of a run of sketches. */
    static final int RUN = 16;

    private final KvLayer means;
    private final SketchLayout layout;
    private final BlockSource runs;
    private final int layer;
    /** Of the first KV head. */
    private long[] sketches = {};
    /** Bytes from a block's sketch to the next of the run, and from a KV head's to the next of the block. */
    private long blockStride;
    private long headStride;
    /** First blocks that are another session's: runs of its own begin behind them. */
    private int inherited;

    /** @param runs where runs of sketches are */
    KvDigest(KvLayer means, SketchLayout layout, int layer, BlockSource runs) {
        this.means = means;
        this.layout = layout;
        this.layer = layer;
        this.runs = runs;
        this.blockStride = layout.headBytes();
        this.headStride = RUN * layout.headBytes();
    }

    /** Runs of its own that the first {@code blocks} blocks take. */
    int runs(int blocks) {
        return mostRuns(Math.max(0, blocks - inherited));
    }

    /** Runs that so many blocks take at most. */
    static int mostRuns(int blocks) {
        return (blocks + RUN - 1) / RUN;
    }

    /** Has the KV heads of a block lie together from now on; before anything is digested. */
    void layOutByBlock() {
        if (blocks() > 0) {
            throw new IllegalStateException("Blocks are digested already");
        }
        blockStride = layout.blockBytes();
        headStride = layout.headBytes();
    }

    /** Whether the KV heads of a block lie together, so that a device can take it over. */
    boolean isByBlock() {
        return blockStride == layout.blockBytes();
    }

    /** Mean keys and values, one token a block. */
    public KvLayer means() {
        return means;
    }

    /** Blocks that are digested. */
    public int blocks() {
        return means.tokens();
    }

    /** Makes room for {@code blocks} blocks, which the caller then writes; fewer than before forgets the last. */
    public void resize(int blocks) {
        grow(blocks);
        for (int block = means.tokens(); block < blocks; block++) {
            if (sketches[block] == 0) {
                int own = block - inherited;
                sketches[block] = runs.block(layer, own / RUN) + own % RUN * blockStride;
            }
        }
        means.resize(blocks);
    }

    private void grow(int blocks) {
        if (blocks > sketches.length) {
            sketches = Arrays.copyOf(sketches, Growth.of(sketches.length, blocks + RUN));
        }
    }

    /** Forgets all blocks but the first ones, and where the others were: their memory may go. */
    void cutBack(int blocks) {
        resize(blocks);
        Arrays.fill(sketches, blocks, sketches.length, 0);
        means.forgetBehind(KvLayout.blocks(blocks));
    }

    /** Address of a KV head's sketch of a block, see {@link SketchLayout}. */
    public long sketch(int block, int kvHead) {
        return sketches[block] + kvHead * headStride;
    }

    /** Of so many blocks from one on, those whose sketches of a KV head lie one behind the other: one at least. */
    public int inOneStream(int block, int most) {
        int count = 1;
        while (count < most && sketches[block + count] == sketches[block + count - 1] + layout.headBytes()) {
            count++;
        }
        return count;
    }

    /** Bytes of a KV head's sketch of a block. */
    public long sketchBytes() {
        return layout.headBytes();
    }

    /**
     * Takes over what is kept about the first blocks of another session: its sketches, which stay and say how those to come
     * lie, and its means.
     */
    void inherit(KvDigest from, int count) {
        blockStride = from.blockStride;
        headStride = from.headStride;
        inherited = count;
        grow(count);
        System.arraycopy(from.sketches, 0, sketches, 0, count);
        means.resize(count);
        for (int block = 0; block < KvLayout.blocks(count); block++) {
            OffHeap.copy(from.means.block(block), means.block(block), means.layout().blockBytes());
        }
    }

    void forget() {
        means.forget();
        inherited = 0;
        Arrays.fill(sketches, 0);
    }
}
