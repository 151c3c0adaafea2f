package io.alisa.compat.simulate;

import java.util.List;

import io.alisa.schedule.HardwareProfile;

/**
 * A machine of the paper's evaluation, as numbers. What the paper does not give is the maker's data sheet.
 *
 * @param name        the machine
 * @param memory      bytes of the GPU's memory
 * @param readBytes   bytes per second of that memory
 * @param peakFlops   FP16 operations per second; a multiply-add is two
 */
public record SimulatedMachine(String name, double memory, double readBytes, double peakFlops) {
    /** Of the peak, what large products reach. Our choice. */
    static final double ATTAINED = 0.5;
    /** Of the memory, what weights and KV may take: the rest is for activations. Our choice. */
    static final double USABLE = 0.95;
    /** The paper's link between CPU and GPU. */
    static final double LINK = 20e9;
    /** Memory of the CPU: never the limit here. Our choice. */
    static final long HOST_MEMORY = 512L << 30;

    static final SimulatedMachine V100_16 = new SimulatedMachine("V100 16 GB", 16e9, 900e9, 125e12);
    static final SimulatedMachine V100_32 = new SimulatedMachine("V100 32 GB", 32e9, 900e9, 125e12);
    static final SimulatedMachine H100_80 = new SimulatedMachine("H100 80 GB", 80e9, 2000e9, 756e12);

    static List<SimulatedMachine> all() {
        return List.of(V100_16, V100_32, H100_80);
    }

    /** The same with another link. */
    public HardwareProfile profile(double linkBytes) {
        return HardwareProfile.described(name, readBytes, ATTAINED * peakFlops / 2, linkBytes);
    }
}
