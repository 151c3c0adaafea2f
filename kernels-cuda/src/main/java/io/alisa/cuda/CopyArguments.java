package io.alisa.cuda;

/** {@code CopyParameters} of {@code attention.cuh}. */
final class CopyArguments {
    /** Pieces of a launch. */
    static final int PIECES = 128;
    /** Pieces are cut into parts of so many bytes, which thread blocks take in turn. */
    static final int PART_BYTES = 1 << 15;
    static final int BYTES = KernelStructure.bytes(2 * PIECES, PIECES + 2);

    private final KernelStructure structure;

    CopyArguments(Driver driver) {
        structure = new KernelStructure(driver, 2 * PIECES, PIECES + 2);
        structure.word(PIECES + 1, 0);
    }

    Driver.Arguments arguments() {
        return structure.arguments();
    }

    /** Sets a piece: addresses and size are multiples of 16. */
    void set(int piece, long from, long to, long bytes) {
        structure.pointer(piece, from);
        structure.pointer(PIECES + piece, to);
        structure.word(piece, Math.toIntExact(bytes));
    }

    void setCount(int pieces) {
        structure.word(PIECES, pieces);
    }
}
