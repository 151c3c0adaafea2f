package io.alisa.cuda;

import io.alisa.device.DeviceShape;
import io.alisa.device.TokenChoice;

/** {@code SelectParameters} of {@code attention.cuh}. */
final class SelectArguments {
    private static final int POINTERS = 12;
    private static final int WORDS = 14;
    static final int BYTES = KernelStructure.bytes(POINTERS, WORDS);

    private final KernelStructure structure;

    SelectArguments(Driver driver) {
        structure = new KernelStructure(driver, POINTERS, WORDS);
        structure.pointer(3, 0); // the window covers the newest block
        structure.word(13, 0);
    }

    Driver.Arguments arguments() {
        return structure.arguments();
    }

    /** What is read; {@code pinned} 0: nothing is. */
    void setInputs(long means, long sketches, long queries, long pinned) {
        structure.pointer(0, means);
        structure.pointer(1, sketches);
        structure.pointer(2, queries);
        structure.pointer(11, pinned);
    }

    /** What the launches leave for each other, and for those that attend. */
    void setOutputs(SelectScratch scratch, long selected) {
        structure.pointer(4, scratch.estimates());
        structure.pointer(5, scratch.importance());
        structure.pointer(6, scratch.candidates());
        structure.pointer(7, scratch.work());
        structure.pointer(8, selected);
        structure.pointer(9, scratch.mass());
        structure.pointer(10, scratch.references());
        structure.word(6, scratch.tokenStride());
    }

    /** @param blocks sealed blocks, all of which are digested */
    void setCounts(DeviceShape shape, int blocks, int scoredBlocks, int blockStride, TokenChoice choice) {
        structure.word(0, blocks);
        structure.word(1, scoredBlocks);
        structure.word(2, shape.kvHeads());
        structure.word(3, shape.groupSize());
        structure.word(4, shape.headSize());
        structure.word(5, shape.rowStride());
        structure.word(7, blockStride);
        structure.word(8, choice.tokens());
        structure.word(9, choice.sinks());
        structure.word(10, choice.windowStart());
        structure.word(11, choice.wanted());
        structure.number(12, shape.softCap());
    }
}
