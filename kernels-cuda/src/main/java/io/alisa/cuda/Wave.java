package io.alisa.cuda;

import java.util.function.IntUnaryOperator;

/**
 * The thread blocks of a kernel that attends: how large they are, and how many a multiprocessor runs at once. Large blocks
 * of those that decode leave fewest partials to be joined and share out what is selected best; where they would leave
 * multiprocessors idle, and for all other kernels, small ones are taken.
 *
 * @param kernel   with the shared memory that it takes
 * @param threads  of a block
 * @param resident blocks that a multiprocessor runs at once
 */
record Wave(Driver.Kernel kernel, int threads, int resident) {
    /** Large blocks may leave so much of a device idle that small ones would not: joining fewer partials is worth that. */
    private static final double WORTH = 0.94;

    /**
     * The blocks of a kernel that decodes heads of a size that there are kernels made for.
     *
     * @param sharedBytes of dynamic shared memory, by the threads of a block
     * @param rows        blocks that there are for each split
     */
    static Wave ofDecode(Driver driver, String kernel, int headSize, IntUnaryOperator sharedBytes, int rows) {
        Wave small = of(driver, kernel + headSize, sharedBytes, Geometry.THREADS);
        int threads = Geometry.decodeThreads(headSize);
        if (sharedBytes.applyAsInt(threads) + Geometry.OWN_SHARED_BYTES > driver.facts().sharedBytes()) {
            return small;
        }
        Wave large = of(driver, kernel + headSize, sharedBytes, threads);
        int multiprocessors = driver.facts().multiprocessors();
        return large.threadsAtOnce(multiprocessors, rows) >= WORTH * small.threadsAtOnce(multiprocessors, rows)
                ? large
                : small;
    }

    /** Blocks of one size. */
    static Wave of(Driver driver, String kernel, IntUnaryOperator sharedBytes, int threads) {
        Driver.Kernel found = driver.kernel(kernel, sharedBytes.applyAsInt(threads));
        return new Wave(found, threads, driver.residentBlocks(found, threads));
    }

    private int threadsAtOnce(int multiprocessors, int rows) {
        return multiprocessors * resident / rows * rows * threads;
    }

    /** Splits of a context: each warp gets a quarter of a block at least, a small thread block one block. */
    int splits(Geometry geometry, int rows, int sequences, int blocks) {
        int quarters = blocks * Geometry.QUARTERS;
        return geometry.splits(rows, sequences, resident, Math.ceilDiv(quarters * 32, threads));
    }
}
