package io.alisa.attention;

import io.alisa.cache.KvDigest;
import io.alisa.cache.KvFormat;
import io.alisa.cache.KvLayer;
import io.alisa.cache.KvLayout;
import io.alisa.cache.KvSession;
import io.alisa.memory.OffHeap;
import io.alisa.parallel.Job;
import io.alisa.parallel.WorkerTeam;

/**
 * Digests the blocks that have become full. A block's digest depends on its stored bytes alone, not on when or in what
 * company it was written.
 *
 * <p>Owned by one session; allocates nothing.
 */
public final class DigestWriter {
    private final Int8Kernels kernels;
    private final KvWriter writer;
    private final WorkerTeam team;
    private final KvLayout int8;
    private final Scratch[] scratch;
    private final Job digest = this::digest;

    private KvLayer layer;
    private int firstBlock;
    private int endBlock;

    /** What one worker needs. */
    private static final class Scratch {
        final Int8Rows rows;
        final float[] key;
        final float[] value;
        /** One KV head of an INT8 block: where an F32 block is rounded before it is digested. */
        final long block;

        Scratch(KvLayout layout, KvSession session) {
            rows = new Int8Rows(layout.headSize());
            key = new float[layout.headSize()];
            value = new float[layout.headSize()];
            block = session.scratch(layout.headBytes());
        }
    }

    public DigestWriter(KvSession session, AttentionKernels kernels, WorkerTeam team) {
        this.kernels = kernels.int8();
        this.writer = new KvWriter(kernels);
        this.team = team;
        this.layer = session.layer(0);
        this.int8 = new KvLayout(KvFormat.INT8, 1, session.layout().headSize());
        this.scratch = new Scratch[team.size()];
        for (int i = 0; i < scratch.length; i++) {
            scratch[i] = new Scratch(int8, session);
        }
    }

    /** Digests the layer's full blocks that are not digested yet. */
    public void update(KvLayer of) {
        KvDigest target = of.digest();
        int full = of.tokens() / KvLayout.BLOCK_TOKENS;
        if (target == null || full <= target.blocks()) {
            return;
        }
        layer = of;
        firstBlock = target.blocks();
        endBlock = full;
        target.resize(full);
        team.run(digest, of.layout().kvHeads());
    }

    private void digest(int kvHead, int worker) {
        KvDigest target = layer.digest();
        if (target == null) {
            throw new IllegalStateException("The layer has no digest");
        }
        Scratch with = scratch[worker];
        int headSize = int8.headSize();
        for (int block = firstBlock; block < endBlock; block++) {
            with.rows.setBlock(int8Block(block, kvHead, with), KvLayout.BLOCK_TOKENS);
            kernels.mean(with.rows, headSize, with.key, with.value);
            writer.putInt8Key(target.means(), block, kvHead, with.key);
            writer.putInt8Value(target.means(), block, kvHead, with.value);
            target.means().rows().readKey(block, kvHead, with.key); // as it will be read later
            kernels.sketch(with.rows, headSize, with.key, target.sketch(block, kvHead));
        }
    }

    /** The KV head's block itself, or an INT8 copy of it. */
    private long int8Block(int block, int kvHead, Scratch with) {
        int start = block * KvLayout.BLOCK_TOKENS;
        if (layer.layout().format() == KvFormat.INT8) {
            return layer.head(start, kvHead);
        }
        for (int i = 0; i < KvLayout.BLOCK_TOKENS; i++) {
            long row = int8.int8Row(with.block, i);
            layer.rows().readKey(start + i, kvHead, with.key);
            OffHeap.setByte(int8.keyScale(with.block, i), kernels.quantise(with.key, 0, int8.headSize(), row));
            layer.rows().readValue(start + i, kvHead, with.value);
            OffHeap.setByte(int8.valueScale(with.block, i), kernels.quantise(with.value, 0, int8.headSize(),
                    row + KvLayout.int8RowBytes(int8.headSize())));
        }
        return with.block;
    }
}
