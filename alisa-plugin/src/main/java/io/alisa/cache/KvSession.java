package io.alisa.cache;

import java.lang.foreign.Arena;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The KV of one conversation: one {@link KvLayer} per layer over off-heap slabs, all of which go back to the operating
 * system at {@link #close()}.
 *
 * <p>Whoever uses a layer holds the {@link #lock()}; closing takes it too, so memory never goes while it is read.
 */
public final class KvSession implements AutoCloseable {
    private static final long ALIGNMENT = 64;

    private final KvLayout layout;
    private final KvLayer[] layers;
    private final ReentrantLock lock = new ReentrantLock();
    private final Arena arena = Arena.ofShared();
    private final Slabs blocks;
    private final Slabs means;
    private final Slabs sketches;
    private final Slabs recent;
    private final Staging staging;
    private volatile long scratchBytes;
    private volatile boolean closed;

    /** A session without digests. */
    public KvSession(KvLayout layout, int layerCount, int maxTokens) {
        this(layout, layerCount, maxTokens, false);
    }

    /**
     * @param maxTokens most tokens it will hold; memory is taken as they come
     * @param digested  whether full blocks are digested, see {@link KvDigest}
     */
    public KvSession(KvLayout layout, int layerCount, int maxTokens, boolean digested) {
        this.layout = layout;
        KvLayout meansLayout = new KvLayout(KvFormat.INT8, layout.kvHeads(), layout.headSize());
        SketchLayout sketchLayout = new SketchLayout(layout.kvHeads(), layout.headSize());
        int maxBlocks = KvLayout.blocks(maxTokens);
        this.blocks = new Slabs(arena, layerCount, layout.blockBytes(), maxBlocks);
        this.means = new Slabs(arena, layerCount, meansLayout.blockBytes(), KvLayout.blocks(maxBlocks));
        this.sketches = new Slabs(arena, layerCount, sketchLayout.blockBytes(), maxBlocks);
        KvLayout floats = new KvLayout(KvFormat.F32, layout.kvHeads(), layout.headSize());
        this.recent = new Slabs(arena, layerCount, floats.blockBytes(), 1);
        this.staging = new Staging(floats);
        this.layers = new KvLayer[layerCount];
        for (int i = 0; i < layerCount; i++) {
            KvDigest digest = digested
                    ? new KvDigest(new KvLayer(meansLayout, i, maxBlocks, null, null, unlessClosed(means)),
                            sketchLayout,
                            i, maxBlocks, unlessClosed(sketches))
                    : null;
            RecentFloats newest = layout.format() == KvFormat.INT8
                    ? new RecentFloats(floats, i, unlessClosed(recent), staging)
                    : null;
            layers[i] = new KvLayer(layout, i, maxTokens, digest, newest, unlessClosed(blocks));
        }
    }

    private BlockSource unlessClosed(Slabs slabs) {
        return (layer, block) -> {
            if (closed) {
                throw new IllegalStateException("The session is closed");
            }
            return slabs.block(layer, block);
        };
    }

    public ReentrantLock lock() {
        return lock;
    }

    public KvLayout layout() {
        return layout;
    }

    public KvLayer layer(int index) {
        return layers[index];
    }

    public int layerCount() {
        return layers.length;
    }

    /** Address of memory for intermediate results, valid until the session closes. Under the lock. */
    @SuppressWarnings("NonAtomicVolatileUpdate")
    public long scratch(long bytes) {
        scratchBytes = scratchBytes + bytes;
        return arena.allocate(bytes, ALIGNMENT).address();
    }

    /** Off-heap bytes held now. */
    public long bytes() {
        return closed
                ? 0
                : blocks.bytes() + means.bytes() + sketches.bytes() + recent.bytes() + staging.bytes() + scratchBytes;
    }

    public boolean isClosed() {
        return closed;
    }

    /** Frees everything. Idempotent; waits for a step in progress. */
    @Override
    public void close() {
        lock.lock();
        try {
            if (!closed) {
                closed = true;
                for (KvLayer layer : layers) {
                    layer.forget(); // whoever comes late asks for a block, and is refused
                }
                staging.release();
                arena.close();
            }
        } finally {
            lock.unlock();
        }
    }
}
