package io.alisa.cache;

import java.lang.foreign.Arena;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The KV of one conversation: one {@link KvLayer} per layer over off-heap slabs.
 *
 * <p>A slab holds the same block of every layer, and several such blocks where they are small. All slabs go back to
 * the operating system at {@link #close()}.
 *
 * <p>Whoever uses a layer holds the {@link #lock()}; closing takes it too, so memory never goes while it is read.
 */
public final class KvSession implements AutoCloseable {
    /** Slabs below this size are grown to it, so that small models do not ask for memory every 64 tokens. */
    private static final long MIN_SLAB_BYTES = 1 << 18;

    private final KvLayout layout;
    private final KvLayer[] layers;
    private final ReentrantLock lock = new ReentrantLock();
    private final Arena arena = Arena.ofShared();
    private final int blocksPerSlab;
    private final long[] slabs;
    private volatile long bytes;
    private volatile boolean closed;

    public KvSession(KvLayout layout, int layerCount, int maxTokens) {
        this.layout = layout;
        this.layers = new KvLayer[layerCount];
        for (int i = 0; i < layerCount; i++) {
            layers[i] = new KvLayer(layout, i, maxTokens, this::block);
        }
        long blockSet = layerCount * layout.blockBytes();
        this.blocksPerSlab = (int) Math.max(1, MIN_SLAB_BYTES / blockSet);
        int maxBlocks = KvLayout.blocks(maxTokens);
        this.slabs = new long[(maxBlocks + blocksPerSlab - 1) / blocksPerSlab];
    }

    @SuppressWarnings("NonAtomicVolatileUpdate")
    private long block(int layer, int block) {
        if (closed) {
            throw new IllegalStateException("The session is closed");
        }
        int slab = block / blocksPerSlab;
        if (slabs[slab] == 0) {
            long size = (long) blocksPerSlab * layers.length * layout.blockBytes();
            slabs[slab] = arena.allocate(size, KvLayout.BLOCK_TOKENS).address();
            bytes = bytes + size; // only under the session's lock
        }
        return slabs[slab] + ((long) (block % blocksPerSlab) * layers.length + layer) * layout.blockBytes();
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

    /** Off-heap bytes held now. */
    public long bytes() {
        return bytes;
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
                bytes = 0;
                for (KvLayer layer : layers) {
                    layer.forget(); // whoever comes late asks for a block, and is refused
                }
                arena.close();
            }
        } finally {
            lock.unlock();
        }
    }
}
