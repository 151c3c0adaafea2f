package io.alisa.cuda;

import io.alisa.device.DeviceShape;

/** {@code SkippedParameters} of {@code attention.cuh}. */
final class SkippedArguments {
    private static final int POINTERS = 4;
    private static final int WORDS = 8;
    static final int BYTES = KernelStructure.bytes(POINTERS, WORDS);

    private final KernelStructure structure;

    SkippedArguments(Driver driver) {
        structure = new KernelStructure(driver, POINTERS, WORDS);
        structure.word(6, 0);
        structure.word(7, 0);
    }

    Driver.Arguments arguments() {
        return structure.arguments();
    }

    void set(long means, SelectScratch scratch, long partials, DeviceShape shape, int blocks, int blockStride,
            int partialCount) {
        structure.pointer(0, means);
        structure.pointer(1, scratch.mass());
        structure.pointer(2, scratch.references());
        structure.pointer(3, partials);
        structure.word(0, blocks);
        structure.word(1, shape.kvHeads());
        structure.word(2, shape.groupSize());
        structure.word(3, shape.headSize());
        structure.word(4, blockStride);
        structure.word(5, partialCount);
    }
}
