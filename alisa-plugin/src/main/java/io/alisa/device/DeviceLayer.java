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
    /** All blocks before this one are there, and their means. */
    private int selectable;

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

    int selectable() {
        return selectable;
    }

    void setSelectable(int blocks) {
        selectable = blocks;
    }

    void hold(int block) {
        held.set(block);
        count++;
    }

    /** Takes note that the blocks from one on are not there any more. Returns how many were. */
    int release(int firstBlock) {
        int before = count;
        selectable = Math.min(selectable, firstBlock);
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
     * @param from   where they are
     * @param sealed only blocks below this are copied: their bytes and digests do not change before {@link #forget}
     */
    public void update(HostBlocks from, int sealed) {
        if (firstMissing() < sealed || (from.areDigested() && selectable < sealed)) {
            session.update(this, from, sealed);
        }
    }

    /**
     * Starts {@link DeviceKv#begin(int, int, float[])}. Returns false where nothing is there, too little to be worth it, or
     * no room for it.
     */
    public boolean begin(int blocks, float[] queries) {
        DeviceKv kv = session.worthAsking(count);
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
        DeviceKv kv = session.worthAsking(count);
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

    /**
     * Starts {@link DeviceKv#begin(int, int, float[], TokenChoice)} likewise; false, too, where one of the blocks is not
     * there. Where there was no room it isn't looked for again in every layer of every step.
     */
    public boolean begin(int blocks, float[] queries, TokenChoice choice) {
        DeviceKv kv = blocks > selectable || session.ofSelections().stands(blocks) ? null : session.worthAsking(count);
        if (kv == null) {
            return false;
        }
        try {
            boolean begun = kv.begin(index, blocks, queries, choice);
            if (!begun) {
                session.ofSelections().note(blocks);
            }
            return begun;
        } catch (DeviceLostException e) {
            session.lose(e);
            return false;
        }
    }

    /** Starts {@link DeviceKv#beginBatch} likewise. */
    public boolean beginBatch(int blocks, float[] queries, int positions) {
        DeviceKv kv = count == 0 || session.ofBatches().stands(positions) ? null : session.usable();
        if (kv == null) {
            return false;
        }
        try {
            boolean begun = kv.beginBatch(index, blocks, queries, positions);
            if (!begun) {
                session.ofBatches().note(positions);
            }
            return begun;
        } catch (DeviceLostException e) {
            session.lose(e);
            return false;
        }
    }

    /** {@link DeviceKv#selected}. Returns false where the device failed. */
    public boolean selected(long[][] selected) {
        DeviceKv kv = session.usable();
        if (kv == null) {
            return false;
        }
        try {
            kv.selected(selected);
            return true;
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
