package io.alisa.device;

import java.util.concurrent.locks.Lock;

import io.alisa.tier.Pinning;
import org.jspecify.annotations.Nullable;

/**
 * One session's part of a {@link DeviceTier}: which of its blocks are there, and what is done when the device fails.
 * None of its methods throws for that: from then on it holds nothing.
 *
 * <p>Used under the session's lock; the numbers may be read by any thread.
 */
public final class DeviceSession implements AutoCloseable {
    /** Blocks of a layer that are copied after one step: a prompt's batch and some of those that had to wait. */
    private static final int MOST_PUTS = 32;
    /** Steps until a session that found no room looks again, though nobody gave any back. */
    private static final int PATIENCE = 64;

    private final DeviceTier tier;
    private final DeviceKv kv;
    private final DeviceShape shape;
    private final long leastBytes;
    private final Lock lock;
    private final DeviceLayer[] layers;
    private final Pinning pinning = new OfSession();
    private long refusedAt;
    private int waiting;
    private boolean closed;
    private volatile long lastUsed;
    private volatile int heldBlocks;
    private volatile long bytes;
    private volatile long uploadedBytes;

    /** @param leastBytes see {@link Device#leastBytes} */
    DeviceSession(DeviceTier tier, DeviceKv kv, DeviceShape shape, int layerCount, int maxBlocks, long leastBytes,
            Lock lock) {
        this.tier = tier;
        this.kv = kv;
        this.shape = shape;
        this.leastBytes = leastBytes;
        this.lock = lock;
        this.layers = new DeviceLayer[layerCount];
        for (int i = 0; i < layerCount; i++) {
            layers[i] = new DeviceLayer(this, i, maxBlocks);
        }
        this.bytes = kv.bytes();
    }

    /** Memory that the session's blocks are copied from is better pinned by this. */
    public Pinning pinning() {
        return pinning;
    }

    /** Pins by the device; what this session's copies read is known here. */
    private final class OfSession implements Pinning {
        @Override
        public void pin(long address, long bytes) {
            if (usable() != null) {
                tier.device().pin(address, bytes);
            }
        }

        @Override
        public void settle() {
            if (!closed) {
                kv.settle();
            }
        }

        @Override
        public void unpin(long address) {
            settle();
            tier.device().unpin(address);
        }
    }

    public DeviceLayer layer(int index) {
        return layers[index];
    }

    /** Bytes that the session takes of the device's memory. */
    public long bytes() {
        return bytes;
    }

    /** Bytes that were copied to the device so far. */
    public long uploadedBytes() {
        return uploadedBytes;
    }

    /** Blocks of all layers that are on the device. */
    public int heldBlocks() {
        return heldBlocks;
    }

    /** Says that all layers did a step. */
    public void stepDone() {
        tier.step(this);
        waiting = Math.max(0, waiting - 1);
    }

    void used(long step) {
        lastUsed = step;
    }

    long lastUsed() {
        return lastUsed;
    }

    /** What the device attends with; null where it can't be used any more. */
    @Nullable
    DeviceKv usable() {
        if (closed) {
            return null;
        }
        if (tier.isLost()) {
            close();
            return null;
        }
        return kv;
    }

    /** The same; null, too, where so few blocks are attended faster without it. */
    @Nullable
    DeviceKv worthAsking(int blocks) {
        return blocks == 0 || blocks * shape.blockBytes() < leastBytes ? null : usable();
    }

    void lose(DeviceLostException reason) {
        close();
        tier.lose(reason);
    }

    /** Copies blocks that are not there yet, see {@link DeviceLayer#update}. */
    void update(DeviceLayer layer, HostBlocks from, int count) {
        if (waiting > 0 && refusedAt == tier.releases()) {
            return;
        }
        DeviceKv to = usable();
        if (to == null) {
            return;
        }
        try {
            if (!putBlocks(to, layer, from, count) || !putMeans(to, layer, from, count)) {
                refusedAt = tier.releases();
                waiting = PATIENCE;
            }
            if (!closed) {
                to.upload(layer.index());
                bytes = to.bytes();
            }
        } catch (DeviceLostException e) {
            lose(e);
        }
    }

    /** Returns false where there was no room. */
    @SuppressWarnings("NonAtomicVolatileUpdate") // one writer at a time
    private boolean putBlocks(DeviceKv to, DeviceLayer layer, HostBlocks from, int count) {
        int puts = 0;
        for (int block = layer.firstMissing(); block < count && puts < MOST_PUTS; block++) {
            if (from.block(block) == 0 || layer.holds(block)) {
                continue;
            }
            long sketch = from.areDigested() ? from.sketch(block) : 0;
            while (!to.put(layer.index(), block, from.block(block), sketch)) {
                if (!tier.makeRoom(this) || closed) {
                    return false;
                }
            }
            puts++;
            layer.hold(block);
            heldBlocks = heldBlocks + 1;
            uploadedBytes = uploadedBytes + shape.blockBytes() + (sketch == 0 ? 0 : shape.sketchBytes());
        }
        return true;
    }

    /** Where all blocks are there: their means. Returns false where there was no room. */
    @SuppressWarnings("NonAtomicVolatileUpdate") // one writer at a time
    private boolean putMeans(DeviceKv to, DeviceLayer layer, HostBlocks from, int count) {
        while (from.areDigested() && layer.selectable() < count && layer.firstMissing() >= count) {
            int index = layer.selectable() / DeviceShape.BLOCK_TOKENS;
            if (!to.putMeans(layer.index(), index, from.means(index))) {
                return false;
            }
            layer.setSelectable(Math.min(count, (index + 1) * DeviceShape.BLOCK_TOKENS));
            uploadedBytes = uploadedBytes + shape.blockBytes();
        }
        return true;
    }

    /** Gives up the blocks of a layer from one on. */
    @SuppressWarnings("NonAtomicVolatileUpdate") // one writer at a time
    void forget(DeviceLayer layer, int firstBlock) {
        int forgotten = layer.release(firstBlock);
        if (forgotten == 0) {
            return;
        }
        heldBlocks = heldBlocks - forgotten;
        DeviceKv from = usable();
        if (from != null) {
            try {
                from.forget(layer.index(), firstBlock);
                bytes = from.bytes();
            } catch (DeviceLostException e) {
                lose(e);
            }
        }
        tier.released();
    }

    /** Gives up all copies, where the session is not being worked on. Returns whether it did. */
    boolean tryGiveBack() {
        if (!lock.tryLock()) {
            return false;
        }
        try {
            boolean held = heldBlocks > 0;
            for (DeviceLayer layer : layers) {
                forget(layer, 0);
            }
            return held;
        } finally {
            lock.unlock();
        }
    }

    /** Closes where the session is not being worked on. */
    void tryClose() {
        if (lock.tryLock()) {
            try {
                close();
            } finally {
                lock.unlock();
            }
        }
    }

    /** Gives everything back. Idempotent. Under the session's lock. */
    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        for (DeviceLayer layer : layers) {
            layer.release(0);
        }
        heldBlocks = 0;
        bytes = 0;
        kv.close();
        tier.closed(this);
    }
}
