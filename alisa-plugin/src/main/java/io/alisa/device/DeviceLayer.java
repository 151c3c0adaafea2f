package io.alisa.device;

import java.util.BitSet;

/**
 * Which blocks of a layer are on a device, and attention over them there. A failure of the device shows in a method's
 * returning false: from then on no block is there.
 *
 * <p>Used under the session's lock. Only that may change which blocks are there: not a step that is under way.
 */
public final class DeviceLayer {
    private final DeviceSession session;
    private final int index;
    private final BitSet held;
    private int count;

    DeviceLayer(DeviceSession session, int index, int maxBlocks) {
        this.session = session;
        this.index = index;
        this.held = new BitSet(maxBlocks);
    }

    int index() {
        return index;
    }

    /** Whether a block is on the device. */
    public boolean holds(int block) {
        return held.get(block);
    }

    /** Whether any block is on the device. */
    public boolean holdsAny() {
        return count > 0;
    }

    int firstMissing() {
        return held.nextClearBit(0);
    }

    void hold(int block) {
        held.set(block);
        count++;
    }

    /** Takes note that the blocks from one on are not there any more. Returns how many were. */
    int release(int firstBlock) {
        int before = count;
        if (held.length() > firstBlock) {
            held.clear(firstBlock, held.length());
            count = held.cardinality();
        }
        return before - count;
    }

    /** Says that blocks from one on are about to change. */
    public void forget(int firstBlock) {
        session.forget(this, firstBlock);
    }

    /**
     * Copies blocks that are not there yet, as far as there is room.
     *
     * @param blocks addresses of the layer's blocks in RAM, 0 for those that are elsewhere
     * @param sealed only blocks below this are copied: their bytes do not change before {@link #forget}
     */
    public void update(long[] blocks, int sealed) {
        if (firstMissing() < sealed) {
            session.update(this, blocks, sealed);
        }
    }

    /** Starts {@link DeviceKv#begin(int, int, float[])}. Returns false where nothing is there, or no room for it. */
    public boolean begin(int blocks, float[] queries) {
        DeviceKv kv = count == 0 ? null : session.usable();
        if (kv == null) {
            return false;
        }
        try {
            return kv.begin(index, blocks, queries);
        } catch (DeviceLostException e) {
            session.lose(e);
            return false;
        }
    }

    /** Starts {@link DeviceKv#begin(int, int, float[], long[][])} likewise. */
    public boolean begin(int blocks, float[] queries, long[][] selected) {
        DeviceKv kv = count == 0 ? null : session.usable();
        if (kv == null) {
            return false;
        }
        try {
            return kv.begin(index, blocks, queries, selected);
        } catch (DeviceLostException e) {
            session.lose(e);
            return false;
        }
    }

    /** Starts {@link DeviceKv#beginBatch} likewise. */
    public boolean beginBatch(int blocks, float[] queries, int positions) {
        DeviceKv kv = count == 0 ? null : session.usable();
        if (kv == null) {
            return false;
        }
        try {
            return kv.beginBatch(index, blocks, queries, positions);
        } catch (DeviceLostException e) {
            session.lose(e);
            return false;
        }
    }

    /** {@link DeviceKv#finish}. Returns false where the device failed: then everything is to be attended elsewhere. */
    public boolean finish(float[] max, float[] sum, float[] values) {
        DeviceKv kv = session.usable();
        if (kv == null) {
            return false;
        }
        try {
            kv.finish(max, sum, values);
            return true;
        } catch (DeviceLostException e) {
            session.lose(e);
            return false;
        }
    }
}
