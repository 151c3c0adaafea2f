package io.alisa.cuda;

import java.lang.foreign.MemorySegment;

import io.alisa.cuda.emulation.EmulatedKernels;

/** A driver whose device is this machine, and whose kernels are those that GPUs run, compiled by g++. */
class EmulatedDriver extends JavaDriver {
    private final EmulatedKernels kernels = EmulatedKernels.orSkip();

    @Override
    void run(String name, int gridX, int gridY, int gridZ, int threads, int sharedBytes, MemorySegment parameters) {
        kernels.launch(name, gridX, gridY, gridZ, threads, sharedBytes, parameters);
    }
}
