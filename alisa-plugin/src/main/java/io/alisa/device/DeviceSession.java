package io.alisa.device;

import java.util.concurrent.locks.Lock;
import java.util.function.Supplier;

import io.alisa.tier.Pinning;
import org.jspecify.annotations.Nullable;

/**
 * One session's part of a {@link DeviceTier}: which of its blocks are there, and what is done when the device fails.
 * None of its methods throws for that: from then on it holds nothing. What else is thrown halfway goes on, and it holds
 * nothing from then on either: nobody knows what that left there, and all of it are copies.
 *
 * <p>Used under the session's lock; the numbers may be read by any thread.
 */
public final class DeviceSession implements AutoCloseable {
    /** Blocks of a layer that are copied after one step: a prompt's batch and some of those that had to wait. */
    private static final int MOST_PUTS = 32;

    private final DeviceTier tier;
    private final DeviceKv kv;
    private final DeviceShape shape;
    private final long leastBytes;
    private final Lock lock;
    private final DeviceLayer[] layers;
    private final Pinning pinning = new OfSession();
    private final Refusal ofBlocks;
    private final Refusal ofSelections;
    private final Refusal ofBatches;
    private boolean open;
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
        this.ofBlocks = new Refusal(tier);
        this.ofSelections = new Refusal(tier);
        this.ofBatches = new Refusal(tier);
        this.layers = new DeviceLayer[layerCount];
        for (int i = 0; i < layerCount; i++) {
            layers[i] = new DeviceLayer(this, i, maxBlocks);
        }
    }

    /**
     * Takes what the session needs on the device in any case, unless it has that. Returns false where there is no room yet:
     * {@link #update} looks again.
     */
    boolean open() {
        if (!open && place(kv::open)) {
            open = true;
            bytes = kv.bytes();
        }
        return open;
    }

    /** Whether the device had room for what the session needs there in any case. */
    public boolean isOpen() {
        return open;
    }

    /** Memory that the session's blocks are copied from is better pinned by this. */
    public Pinning pinning() {
        return pinning;
    }

    /**
     * Pins by the device; what this session's copies read is known here.
     *
     * <p>Nothing is pinned for a device that may never have room. What was there before it had stays as it is: to pin all of
     * that at once would hold up a step by 50 ms a GiB, and its blocks need to be copied only once, some after each step.
     */
    private final class OfSession implements Pinning {
        @Override
        public void pin(long address, long bytes) {
            if (isServed() && open) {
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
        ofBlocks.stepDone();
        ofSelections.stepDone();
        ofBatches.stepDone();
    }

    void used(long step) {
        lastUsed = step;
    }

    long lastUsed() {
        return lastUsed;
    }

    /** Whether the device can be used, now or when it has room. */
    private boolean isServed() {
        if (!closed && tier.isLost()) {
            close();
        }
        return !closed;
    }

    /** What the device attends with; null where it can't be used any more, or had no room so far. */
    @Nullable
    DeviceKv usable() {
        return isServed() && open ? kv : null;
    }

    /** The same; null, too, where so few blocks are attended faster without it. */
    @Nullable
    DeviceKv worthAsking(int blocks) {
        return blocks == 0 || blocks * shape.blockBytes() < leastBytes ? null : usable();
    }

    /** Whether the device had no room to select, by the blocks that it was to select from. */
    Refusal ofSelections() {
        return ofSelections;
    }

    /** Whether it had none for a batch, by the positions of that. */
    Refusal ofBatches() {
        return ofBatches;
    }

    void lose(DeviceLostException reason) {
        close();
        tier.lose(reason);
    }

    /** Copies blocks that are not there yet, see {@link DeviceLayer#update}. */
    void update(DeviceLayer layer, HostBlocks from, int count) {
        if (ofBlocks.stands(0)) {
            return;
        }
        if (!isServed()) {
            return;
        }
        boolean done = false;
        try {
            if (!open() || !putBlocks(layer, from, count) || !putMeans(layer, from, count)) {
                ofBlocks.note(0);
            }
            if (open && !closed) {
                kv.upload(layer.index());
                bytes = kv.bytes();
            }
            done = true;
        } catch (DeviceLostException e) {
            lose(e);
        } finally {
            closeUnless(done);
        }
    }

    /** What is thrown halfway leaves blocks that count as held and were never copied, or the other way round. */
    private void closeUnless(boolean done) {
        if (!done) {
            close();
        }
    }

    /** Has something placed, for which idle sessions give up what they hold. Returns false where there is no room. */
    private boolean place(Supplier<Placement> what) {
        Placement placed = what.get();
        while (placed == Placement.FULL && tier.makeRoom(this) && !closed) {
            placed = what.get();
        }
        return placed == Placement.DONE;
    }

    /** Returns false where there was no room. */
    @SuppressWarnings("NonAtomicVolatileUpdate") // one writer at a time
    private boolean putBlocks(DeviceLayer layer, HostBlocks from, int count) {
        int puts = 0;
        for (int block = layer.firstMissing(); block < count && puts < MOST_PUTS; block++) {
            if (from.block(block) == 0 || layer.holds(block)) {
                continue;
            }
            int next = block;
            long sketch = from.areDigested() ? from.sketch(block) : 0;
            if (!place(() -> kv.put(layer.index(), next, from.block(next), sketch))) {
                return false;
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
    private boolean putMeans(DeviceLayer layer, HostBlocks from, int count) {
        while (from.areDigested() && layer.selectable() < count && layer.firstMissing() >= count) {
            int index = layer.selectable() / DeviceShape.BLOCK_TOKENS;
            if (!place(() -> kv.putMeans(layer.index(), index, from.means(index)))) {
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
            boolean done = false;
            try {
                from.forget(layer.index(), firstBlock);
                bytes = from.bytes();
                done = true;
            } catch (DeviceLostException e) {
                lose(e);
            } finally {
                closeUnless(done);
            }
        }
        tier.released();
    }

    /** Gives up what only steps need: a session that is kept may be asked nothing for long. */
    public void rest() {
        DeviceKv resting = usable();
        if (resting == null) {
            return;
        }
        long before = bytes;
        boolean done = false;
        try {
            resting.rest();
            bytes = resting.bytes();
            done = true;
        } catch (DeviceLostException e) {
            lose(e);
        } finally {
            closeUnless(done);
        }
        if (bytes < before) {
            tier.released();
        }
    }

    /**
     * Gives up all copies and what only steps need, where the session is not being worked on. Returns whether the device has
     * more room for that.
     */
    boolean tryGiveBack() {
        if (!lock.tryLock()) {
            return false;
        }
        try {
            long before = bytes;
            for (DeviceLayer layer : layers) {
                forget(layer, 0);
            }
            rest();
            return bytes < before;
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
        try {
            kv.close();
        } finally {
            tier.closed(this);
        }
    }
}
