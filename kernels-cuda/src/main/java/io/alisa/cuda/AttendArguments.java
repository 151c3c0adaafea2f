package io.alisa.cuda;

/** {@code AttendParameters} of {@code attention.cuh}. */
final class AttendArguments {
    private static final int POINTERS = 6;
    private static final int WORDS = 10;
    static final int BYTES = KernelStructure.bytes(POINTERS, WORDS);

    private final KernelStructure structure;

    AttendArguments(Driver driver) {
        structure = new KernelStructure(driver, POINTERS, WORDS);
        structure.word(9, 0);
    }

    Driver.Arguments arguments() {
        return structure.arguments();
    }

    /** Addresses on the device; {@code selected} 0: all tokens. */
    void setPointers(long blocks, long selected, long queries, long partials, long joined, long tickets) {
        structure.pointer(0, blocks);
        structure.pointer(1, selected);
        structure.pointer(2, queries);
        structure.pointer(3, partials);
        structure.pointer(4, joined);
        structure.pointer(5, tickets);
    }

    /** What the context and the batch are. */
    void setCounts(int blockCount, int blockStride, int kvHeads, int rows, int queryStride, int headSize, int partials,
            float softCap) {
        structure.word(0, blockCount);
        structure.word(1, blockStride);
        structure.word(2, kvHeads);
        structure.word(3, rows);
        structure.word(4, queryStride);
        structure.word(5, headSize);
        structure.word(6, partials);
        structure.word(7, 0);
        structure.number(8, softCap);
    }

    /** Says that the first partials of each row have been written before. */
    void setFirstPartial(int first) {
        structure.word(7, first);
    }
}
