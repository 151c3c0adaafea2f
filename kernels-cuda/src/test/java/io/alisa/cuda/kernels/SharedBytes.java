package io.alisa.cuda.kernels;

/** Shared memory of launches, as {@code attention.cuh} has it. */
final class SharedBytes {
    private SharedBytes() {
    }

    static int decode(int headSize, int elementBytes) {
        int row = headSize * elementBytes;
        int stages = row <= 32 ? 6 : row <= 64 ? 4 : row <= 256 ? 3 : 2;
        int ring = 4 * stages * (16 * 2 * row + 16 * 9);
        int combine = 4 * 8 * (headSize + 4) * Float.BYTES;
        return Math.max(ring, combine) + (headSize > 128 ? 32 * headSize : 0);
    }

    static int prefillRows(int headSize) {
        return headSize > 128 ? 32 : 64;
    }

    static int prefill(int headSize) {
        int queries = headSize >= 128 ? prefillRows(headSize) / 8 * headSize * 32 : 0;
        return 2 * 4 * (16 * 2 * headSize + 16 * 9) + queries;
    }

    static int gather(int headSize) {
        return decode(headSize, 1) + 4 * 16 * 64 * Short.BYTES;
    }
}
