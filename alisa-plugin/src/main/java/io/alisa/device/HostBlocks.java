package io.alisa.device;

/** Where a device finds what it copies of a layer: addresses in RAM. */
public interface HostBlocks {
    /** Address of a block; 0 where it is not in RAM. */
    long block(int block);

    /**
     * Whether the sealed blocks have digests that can be copied: a sketch each, all KV heads of which lie together, and a row
     * among the means.
     */
    boolean areDigested();

    /** Address of the sketch of a digested block, all KV heads. */
    long sketch(int block);

    /** Address of an INT8 block whose token {@code i} is the mean of block {@code 64 * index + i}. */
    long means(int index);
}
