package io.alisa.attention;

import io.alisa.cache.KvLayout;
import io.alisa.device.DeviceShape;

/**
 * The shape of one attention layer as the kernels see it.
 *
 * @param kvHeads   KV heads attended here
 * @param groupSize query heads that share a KV head
 * @param headSize  channels of a head
 * @param softCap   scores are capped to {@code softCap * tanh(score / softCap)}; 0: no cap
 */
public record AttentionShape(int kvHeads, int groupSize, int headSize, float softCap) {
    public AttentionShape {
        if (kvHeads < 1 || groupSize < 1 || headSize < 1 || !(softCap >= 0)) {
            throw new IllegalArgumentException("Not an attention shape: " + kvHeads + " KV heads, groups of "
                    + groupSize + ", head size " + headSize + ", soft cap " + softCap);
        }
    }

    /** Floats from one row of a query or output array to the next. */
    public int rowStride() {
        return KvLayout.padded(headSize);
    }

    /**
     * Row of a query (or output) array: arrays are {@code [kvHead][position][head of the group][rowStride]}, so that
     * rows which share a KV head are neighbours.
     */
    public int row(int kvHead, int position, int headOfGroup, int positions) {
        return (kvHead * positions + position) * groupSize + headOfGroup;
    }

    /**
     * The same as a device sees it.
     *
     * @param layout of the INT8 blocks
     */
    public DeviceShape onDevice(KvLayout layout) {
        return new DeviceShape(kvHeads, groupSize, headSize, rowStride(), softCap, layout.headBytes());
    }

    /** Floats of a query or output array for {@code positions} tokens. */
    public int floats(int positions) {
        return kvHeads * positions * groupSize * rowStride();
    }
}
