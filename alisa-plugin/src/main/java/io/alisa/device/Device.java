package io.alisa.device;

import org.jspecify.annotations.Nullable;

/**
 * An open device. Thread-safe, but for {@link #close}: nobody may use it or anything of it then.
 *
 * <p>Whatever is asked of it, {@link DeviceLostException} may be the answer.
 */
public interface Device extends AutoCloseable {
    /** What it is, in a few words. */
    String describe();

    /** Bytes of a layer's blocks below which the CPU has attended them before the device can be asked. */
    long leastBytes();

    /** Bytes of its memory that nobody uses, other processes counted. */
    long freeBytes();

    /** Whether its kernels serve attention of this shape. */
    boolean serves(DeviceShape shape);

    /**
     * Prepares a place for the blocks of a session: it takes memory of the device when it is {@link DeviceKv#open opened}.
     *
     * @param layers    its layers
     * @param maxBlocks most blocks of a layer
     * @return null where Java has no memory for it
     */
    @Nullable
    DeviceKv prepareKv(DeviceShape shape, int layers, int maxBlocks);

    /**
     * Makes memory of this machine such that the device can read it by itself, until {@link #unpin}: its copies are faster
     * then. Where that is not possible nothing changes. Throws nothing.
     *
     * @param address at a multiple of {@link io.alisa.tier.Pinning#ALIGNMENT}
     */
    void pin(long address, long bytes);

    /** Undoes {@link #pin}: before the memory goes. Throws nothing, whether it is pinned or not, open or closed. */
    void unpin(long address);

    /** Gives everything back, as far as a lost device still can. Throws nothing. */
    @Override
    void close();
}
