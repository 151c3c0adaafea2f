package io.alisa.cache;

import java.util.Arrays;

import io.alisa.memory.OffHeap;

/**
 * What is kept about the full blocks of a layer, beside the blocks: of each block its mean key and value, and a sketch
 * of its keys, by which tokens are chosen and the skipped ones estimated.
 *
 * <p>The means are a {@link KvLayer} of their own, INT8, in which token {@code b} is the mean of block {@code b}.
 *
 * <p>Not thread-safe: the session is locked while a layer is used.
 */
public final class KvDigest {
    private final KvLayer means;
    private final SketchLayout layout;
    private final BlockSource source;
    private final int layer;
    private final long[] sketches;

    KvDigest(KvLayer means, SketchLayout layout, int layer, int maxBlocks, BlockSource source) {
        this.means = means;
        this.layout = layout;
        this.layer = layer;
        this.source = source;
        this.sketches = new long[maxBlocks];
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
        for (int block = means.tokens(); block < blocks; block++) {
            if (sketches[block] == 0) {
                sketches[block] = source.block(layer, block);
            }
        }
        means.resize(blocks);
    }

    /** Forgets all blocks but the first ones, and where the others were: their memory may go. */
    void cutBack(int blocks) {
        resize(blocks);
        Arrays.fill(sketches, blocks, sketches.length, 0);
        means.forgetBehind(KvLayout.blocks(blocks));
    }

    /** Address of a KV head's sketch of a block, see {@link SketchLayout}. */
    public long sketch(int block, int kvHead) {
        return sketches[block] + kvHead * layout.headBytes();
    }

    /** Takes over what is kept about the first blocks of another session: its sketches, which stay, and its means. */
    void inherit(KvDigest from, int count) {
        System.arraycopy(from.sketches, 0, sketches, 0, count);
        means.resize(count);
        for (int block = 0; block < KvLayout.blocks(count); block++) {
            OffHeap.copy(from.means.block(block), means.block(block), means.layout().blockBytes());
        }
    }

    void forget() {
        means.forget();
        Arrays.fill(sketches, 0);
    }
}
