package io.alisa.cuda;

import io.alisa.parallel.WorkerTeam;
import io.alisa.tier.MemoryBudget;

/**
 * The machine that a device is in.
 *
 * @param ram        pinned memory is reserved there
 * @param team       fills pinned memory
 * @param leastBytes of a layer: less is attended sooner here, see {@link io.alisa.device.Device#leastBytes}
 */
record HostSide(MemoryBudget ram, WorkerTeam team, long leastBytes) {
    /**
     * A step of a layer costs some 30 µs on the device whatever the context (measured on an H100): a launch, a small copy,
     * waiting. CPUs read INT8 blocks at 20 to 50 GB/s, half a megabyte to one and a half in that time.
     */
    static final long WORTH_A_LAUNCH = 1 << 20;
}
