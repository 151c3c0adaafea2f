package io.alisa.device;

import io.alisa.tier.MemoryBudget;

/** A kind of device that attention can run on. A module for one registers this as a service. Thread-safe. */
public interface DeviceModule {
    /** The kind of device, for instance {@code CUDA}. */
    String name();

    /** What was found. Throws nothing; asked again it answers the same. */
    DeviceStatus probe();

    /**
     * Opens the device that {@link #probe} found.
     *
     * @param budget everything that is taken of the device's memory is reserved there first
     * @param ram    pinned memory of this machine likewise
     * @throws DeviceLostException where it can't be computed on after all
     */
    Device open(MemoryBudget budget, MemoryBudget ram);
}
