package io.alisa.device;

/** Looks whether a kind of device can be used. A module for one registers its probe as a service. */
public interface DeviceProbe {
    /** The kind of device, for instance {@code CUDA}. */
    String name();

    /** What was found. Throws nothing; asked again it answers the same. */
    DeviceStatus probe();
}
