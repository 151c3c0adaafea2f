package io.alisa.tier;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The slow tier of one session: equal pieces in a file, one for each layer, block and head, with a checksum each that
 * stays in memory.
 *
 * <p>Pieces of one head lie side by side over a run of {@value #RUN} blocks, so that what one head wants of a run is read
 * in one large request:
 *
 * <pre>
 *  region (one layer, one run of blocks)
 *  +----------------------------------+----------------------------------+-----+
 *  | head 0: block 0 | block 1 | ...  | head 1: block 0 | block 1 | ...  | ... |
 *  +----------------------------------+----------------------------------+-----+
 * </pre>
 *
 * Regions are taken and given back as a whole. Changed by one thread at a time; read by many, each with a
 * {@link PieceReader} of its own, while nothing is changed.
 */
public final class PieceFile implements AutoCloseable {
    /** Blocks of a run. */
    public static final int RUN = 32;

    private static final int NONE = -1;
    private static final int[] NO_SUMS = {};

    private final BlockFile file;
    private final MemoryAccount account;
    private final int heads;
    private final int pieceBytes;
    private final long regionBytes;
    /** Region of {@code [layer][run]}, or {@link #NONE}. */
    private final int[][] regions;
    /** A bit per block that is there, per {@code [layer][run]}. */
    private final int[][] present;
    /** Checksum of {@code [layer][run][head * RUN + block]}; empty where the run has no region. */
    private final int[][][] checksums;
    private final Deque<Integer> free = new ArrayDeque<>();
    private int regionCount;
    private final AtomicLong bytesRead = new AtomicLong();
    private final AtomicLong readNanos = new AtomicLong();
    private volatile long bytesWritten;

    /**
     * @param file       taken over: closed with this
     * @param account    of the slow tier; taken over too
     * @param pieceBytes bytes of a block of one head
     * @param maxBlocks  most blocks of a layer
     */
    public PieceFile(BlockFile file, MemoryAccount account, int layers, int heads, int pieceBytes, int maxBlocks) {
        this.file = file;
        this.account = account;
        this.heads = heads;
        this.pieceBytes = pieceBytes;
        this.regionBytes = (long) heads * RUN * pieceBytes;
        int runs = (maxBlocks + RUN - 1) / RUN;
        this.regions = new int[layers][runs];
        this.present = new int[layers][runs];
        this.checksums = new int[layers][runs][0];
        for (int layer = 0; layer < layers; layer++) {
            Arrays.fill(regions[layer], NONE);
            Arrays.fill(checksums[layer], NO_SUMS);
        }
    }

    public int pieceBytes() {
        return pieceBytes;
    }

    public boolean has(int layer, int block) {
        return (present[layer][block / RUN] >>> (block % RUN) & 1) != 0;
    }

    /**
     * Makes room for a block.
     *
     * @return false where the tier is full
     * @throws IOException where the disk is
     */
    public boolean open(int layer, int block) throws IOException {
        int run = block / RUN;
        if (regions[layer][run] != NONE) {
            return true;
        }
        Integer region = free.poll();
        if (region == null) {
            if (!grow()) {
                return false;
            }
            region = regionCount++;
        }
        regions[layer][run] = region;
        checksums[layer][run] = new int[heads * RUN];
        return true;
    }

    private boolean grow() throws IOException {
        if (!account.tryReserve(regionBytes)) {
            return false;
        }
        boolean there = false;
        try {
            file.reserve((regionCount + 1) * regionBytes);
            there = true;
        } finally {
            if (!there) {
                account.release(regionBytes);
            }
        }
        return true;
    }

    /**
     * Writes pieces of consecutive blocks of one run and head, for which there is room. They count as there once
     * {@link #written} says so for all heads.
     *
     * @param pieces from its position to its limit: {@code count} pieces
     */
    @SuppressWarnings("NonAtomicVolatileUpdate") // one writer at a time
    public void write(int layer, int head, int block, int count, ByteBuffer pieces, PieceReader checksum)
            throws IOException {
        int[] sums = sums(layer, block);
        for (int i = 0; i < count; i++) {
            sums[head * RUN + block % RUN + i] = checksum.of(pieces, pieces.position() + i * pieceBytes, pieceBytes);
        }
        long bytes = pieces.remaining();
        file.write(position(layer, head, block), pieces);
        bytesWritten = bytesWritten + bytes;
    }

    /** Says that all pieces of a block are written. */
    public void written(int layer, int block) {
        present[layer][block / RUN] |= 1 << block % RUN;
    }

    /** Reads pieces of consecutive blocks of one run and head to where {@code target} stands, unchecked. */
    void read(int layer, int head, int block, int count, ByteBuffer target) throws IOException {
        long begun = System.nanoTime();
        target.limit(target.position() + count * pieceBytes);
        file.read(position(layer, head, block), target);
        bytesRead.addAndGet((long) count * pieceBytes);
        readNanos.addAndGet(System.nanoTime() - begun);
    }

    /**
     * Reads pieces for the system to keep them at hand. By any thread, at any time: what is read may be anything.
     *
     * @throws IOException where it can't be read, or is not there any more
     */
    void warm(int layer, int head, int block, int count, ByteBuffer scratch) throws IOException {
        int region = regions[layer][block / RUN];
        if (region != NONE) {
            scratch.clear().limit(count * pieceBytes);
            file.read(region * regionBytes + ((long) head * RUN + block % RUN) * pieceBytes, scratch);
        }
    }

    /** Checksum of a piece as it was written. */
    int checksum(int layer, int head, int block) {
        return sums(layer, block)[head * RUN + block % RUN];
    }

    private int[] sums(int layer, int block) {
        int[] sums = checksums[layer][block / RUN];
        if (sums.length == 0) {
            throw new IllegalStateException("Block " + block + " of layer " + layer + " is not in the file");
        }
        return sums;
    }

    private long position(int layer, int head, int block) {
        return regions[layer][block / RUN] * regionBytes + ((long) head * RUN + block % RUN) * pieceBytes;
    }

    /** Forgets a block. The room of its run is used again when the last block of the run went; the file stays as large. */
    public void remove(int layer, int block) {
        int run = block / RUN;
        present[layer][run] &= ~(1 << block % RUN);
        int region = regions[layer][run];
        if (present[layer][run] == 0 && region != NONE) {
            free.add(region);
            regions[layer][run] = NONE;
            checksums[layer][run] = NO_SUMS;
        }
    }

    /** Bytes of a region: of a run of blocks of one layer. */
    public long regionBytes() {
        return regionBytes;
    }

    /** Bytes of the file. */
    public long bytes() {
        return account.reserved();
    }

    /** Bytes read so far. */
    public long bytesRead() {
        return bytesRead.get();
    }

    /** Bytes written so far. */
    public long bytesWritten() {
        return bytesWritten;
    }

    /** Time spent reading so far, summed over threads, in nanoseconds. */
    public long readNanos() {
        return readNanos.get();
    }

    @Override
    public void close() {
        try {
            file.close();
        } finally {
            account.close();
        }
    }
}
