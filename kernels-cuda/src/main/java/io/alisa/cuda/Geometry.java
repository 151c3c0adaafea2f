package io.alisa.cuda;

import io.alisa.device.DeviceShape;

/**
 * How kernels are launched: computed from the shape, the context and the device, as {@code attention.cuh} says.
 *
 * @param multiprocessors of the device
 */
record Geometry(int multiprocessors) {
    /** Threads of a block, in the kernels that attend; those that decode have large blocks, too. */
    static final int THREADS = 128;
    /** Threads of a block, in the kernels that select and weigh what was not. */
    static final int SELECT_THREADS = 256;
    /** Tokens of a block. */
    static final int BLOCK_TOKENS = DeviceShape.BLOCK_TOKENS;
    /** Parts of a block that a warp attends at a time. */
    static final int QUARTERS = 4;
    /** Floats of a partial before its values. */
    static final int PARTIAL_HEAD = 4;
    /** Largest head size that any kernel takes. */
    static final int LARGEST_HEAD = 256;

    /**
     * Shared memory that the kernels made for a head size have by themselves, for the join: it counts against what a card
     * allows a block like what a launch asks for.
     */
    static final int OWN_SHARED_BYTES = 1136;

    private static final int[] HEAD_SIZES = {32, 64, 80, 96, 128, 256};
    private static final int WARPS = 4;
    private static final int TILE_TOKENS = 16;
    /** Query rows of a block in decoding. */
    private static final int DECODE_ROWS = 8;
    private static final int ESTIMATE_BLOCKS = 32;
    private static final int SELECT_BLOCKS = 32;
    private static final int BINS = 4096;
    /** A split weighs so many blocks at least. */
    private static final int SKIPPED_BLOCKS = 16;
    /** With the groups of a launch's splits, about as many partials as are joined at once. */
    private static final int MOST_SKIPPED_SPLITS = 24;
    /** As many partials as are joined at once at most. */
    private static final int MOST_JOINED = 32;

    /** Whether there are kernels made for a head size; others are served by slower ones. */
    static boolean isTuned(int headSize) {
        for (int size : HEAD_SIZES) {
            if (size == headSize) {
                return true;
            }
        }
        return false;
    }

    /** Floats of a partial. */
    static int partialFloats(int headSize) {
        return PARTIAL_HEAD + (headSize + 3) / 4 * 4;
    }

    /** Threads of a large block of the decode kernels: as many as there are registers for. */
    static int decodeThreads(int headSize) {
        return 32 * (headSize <= 80 ? 16 : headSize <= 128 ? 12 : 8);
    }

    /** Dynamic shared memory of the decode kernels, in bytes, for elements of that many bytes. */
    static int decodeSharedBytes(int headSize, int elementBytes, int threads) {
        int warps = threads / 32;
        int rowBytes = headSize * elementBytes;
        int stages = rowBytes <= 32 ? 3 : 2;
        int combine = warps * DECODE_ROWS * partialFloats(headSize) * Float.BYTES;
        int queries = headSize > 128 ? 32 * headSize : 0;
        return Math.max(warps * stages * tileBytes(rowBytes), combine) + queries;
    }

    /** Dynamic shared memory of the kernels that gather, in bytes. */
    static int gatherSharedBytes(int headSize, int threads) {
        return decodeSharedBytes(headSize, 1, threads) + threads / 2 * (BLOCK_TOKENS * Short.BYTES + Long.BYTES) + 64;
    }

    /** Dynamic shared memory of the batch kernels, in bytes. */
    static int batchSharedBytes(int headSize) {
        int queries = headSize >= 128 ? batchBlockRows(headSize) / 8 * headSize * 32 : 0;
        return 2 * WARPS * tileBytes(headSize) + queries;
    }

    /** Shared memory that a card must allow a block for all kernels made for a head size, in bytes. */
    static int neededSharedBytes(int headSize) {
        return OWN_SHARED_BYTES + Math.max(batchSharedBytes(headSize), gatherSharedBytes(headSize, THREADS));
    }

    /** Dynamic shared memory of {@code alisa_estimate}, which has none by itself, in bytes. */
    static int estimateSharedBytes(int group, int headSize) {
        int lines = ceil(headSize, 4);
        return ceil(group, 4) * 2 * lines * 64 + (4 * lines + ESTIMATE_BLOCKS + 1) * group * Float.BYTES;
    }

    /** Tickets of each row of a launch that joins: of all its splits or, where there are many, of all groups and each. */
    static int ticketsOfRow(int splits, int threads) {
        int group = Math.min(threads / 32 * 3, MOST_JOINED);
        return splits <= group ? 1 : 1 + ceil(splits, group);
    }

    /** Words that a selection leaves for its next launch, per KV head. */
    static int selectWorkWords(int group) {
        return BINS + group + 8;
    }

    /** Blocks in x of {@code alisa_estimate}. */
    static int estimateChunks(int scoredBlocks) {
        return ceil(scoredBlocks, ESTIMATE_BLOCKS);
    }

    /** Blocks in x of the kernels that select. */
    static int selectChunks(int scoredBlocks) {
        return Math.max(1, ceil(scoredBlocks, SELECT_BLOCKS));
    }

    /** Splits of the blocks whose skipped tokens are weighed. */
    static int skippedSplits(int blocks) {
        return Math.clamp(ceil(blocks, SKIPPED_BLOCKS), 1, MOST_SKIPPED_SPLITS);
    }

    private static int tileBytes(int rowBytes) {
        return TILE_TOKENS * 2 * rowBytes + TILE_TOKENS * 9;
    }

    /** Query rows of a block of a batch launch. */
    private static int batchBlockRows(int headSize) {
        return headSize > 128 ? 32 : 64;
    }

    /** Blocks in y of a decode launch. */
    static int decodeRows(int kvHeads, int rows, boolean tuned) {
        return kvHeads * (tuned ? ceil(rows, DECODE_ROWS) : rows);
    }

    /** Blocks in y of a batch launch. */
    static int batchRows(int kvHeads, int rows, int headSize) {
        return kvHeads * ceil(rows, batchBlockRows(headSize));
    }

    private static int ceil(int count, int part) {
        return (count + part - 1) / part;
    }

    /**
     * Splits of the context, so that all blocks run at once and as many as can.
     *
     * @param shares of work that there are: each split gets one at least
     */
    int splits(int gridY, int gridZ, int residentBlocks, int shares) {
        int most = Math.max(1, multiprocessors * residentBlocks / (gridY * gridZ));
        return Math.clamp(most, 1, Math.max(1, shares));
    }
}
