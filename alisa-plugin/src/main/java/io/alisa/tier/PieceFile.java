package io.alisa.tier;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
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
 * Where the file may not grow any more, a block takes whatever place became free in the region of others, and is read in a
 * request of its own. Where the disk did not let it grow, that is asked again only when no place is free: each time costs
 * writing as much as the disk still takes. Changed by one thread at a time; blocks that stay as they are are read by many
 * meanwhile, each with a {@link PieceReader} of its own.
 */
public final class PieceFile implements AutoCloseable {
    /** Blocks of a run. */
    public static final int RUN = 32;

    private static final int NONE = -1;

    private final BlockFile file;
    private final MemoryAccount account;
    private final int heads;
    private final int pieceBytes;
    private final long regionBytes;
    private final int runs;
    /** The place of {@code [layer][block]}, {@code region * RUN} and which of its blocks; or {@link #NONE}. */
    private final int[][] places;
    /** Whether {@code [layer][block]} is written. */
    private final boolean[][] present;
    /** The region that {@code [layer * runs + run]} has for itself as long as nobody else needs it; or {@link #NONE}. */
    private final int[] homes;
    /** Looked up by sessions that share blocks, too, while this one adds some. */
    private final List<Region> regions = new CopyOnWriteArrayList<>();
    private final AtomicLong requests = new AtomicLong();
    private final AtomicLong bytesRead = new AtomicLong();
    private final AtomicLong readNanos = new AtomicLong();
    private volatile long bytesWritten;
    /** Whether the disk had no room when the file was to grow last. */
    private boolean diskFull;

    /** One region of the file. */
    private static final class Region {
        /** Checksum of {@code [head * RUN + place]}. */
        final int[] checksums;
        /** A bit per place that nobody has. */
        int free = -1;
        /** Whose {@link #homes home} it is. */
        int owner = NONE;

        Region(int heads) {
            checksums = new int[heads * RUN];
        }
    }

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
        this.runs = (maxBlocks + RUN - 1) / RUN;
        this.places = new int[layers][runs * RUN];
        this.present = new boolean[layers][runs * RUN];
        this.homes = new int[layers * runs];
        for (int[] ofLayer : places) {
            Arrays.fill(ofLayer, NONE);
        }
        Arrays.fill(homes, NONE);
    }

    public int pieceBytes() {
        return pieceBytes;
    }

    public boolean has(int layer, int block) {
        return present[layer][block];
    }

    /**
     * Makes room for a block.
     *
     * @return false where the tier is full
     * @throws IOException where the disk is, and no place is free in what there is of the file
     */
    public boolean open(int layer, int block) throws IOException {
        if (places[layer][block] == NONE) {
            places[layer][block] = place(layer * runs + block / RUN, block % RUN);
        }
        return places[layer][block] != NONE;
    }

    /** A place for a block of a run: its own in the run's region, else one of an empty region, of a new one, or any. */
    private int place(int run, int index) throws IOException {
        if (homes[run] == NONE) {
            try {
                settle(run);
            } catch (IOException e) { // the disk is full, the file need not be
                int any = anyPlace();
                if (any == NONE) {
                    throw e;
                }
                return any;
            }
        }
        if (homes[run] != NONE && (regions.get(homes[run]).free >>> index & 1) != 0) {
            return take(homes[run], index);
        }
        return anyPlace();
    }

    /** Gives a run a region for itself where there is one. */
    private void settle(int run) throws IOException {
        int region = emptyRegion();
        if (region == NONE && (!diskFull || roomyRegion() == NONE)) {
            region = newRegion();
        }
        if (region != NONE) {
            regions.get(region).owner = run;
            homes[run] = region;
        }
    }

    private int anyPlace() {
        int region = roomyRegion();
        return region == NONE ? NONE : take(region, Integer.numberOfTrailingZeros(regions.get(region).free));
    }

    /** A region with a free place. */
    private int roomyRegion() {
        for (int region = 0; region < regions.size(); region++) {
            if (regions.get(region).free != 0) {
                return region;
            }
        }
        return NONE;
    }

    private int emptyRegion() {
        for (int region = 0; region < regions.size(); region++) {
            if (regions.get(region).free == -1 && regions.get(region).owner == NONE) {
                return region;
            }
        }
        return NONE;
    }

    private int newRegion() throws IOException {
        if (!grow()) {
            return NONE;
        }
        regions.add(new Region(heads));
        return regions.size() - 1;
    }

    private int take(int region, int index) {
        regions.get(region).free &= ~(1 << index);
        return region * RUN + index;
    }

    private boolean grow() throws IOException {
        if (!account.tryReserve(regionBytes)) {
            return false;
        }
        diskFull = true;
        try {
            file.reserve((regions.size() + 1) * regionBytes);
            diskFull = false;
        } finally {
            if (diskFull) {
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
        long bytes = pieces.remaining();
        for (int i = 0; i < count; i++) {
            int place = placeOf(layer, block + i);
            regions.get(place / RUN).checksums[head * RUN + place % RUN] = checksum.of(pieces,
                    pieces.position() + i * pieceBytes, pieceBytes);
        }
        for (int done = 0; done < count;) {
            int next = done + together(layer, block + done, count - done);
            int end = pieces.limit();
            pieces.limit(pieces.position() + (next - done) * pieceBytes);
            file.write(position(placeOf(layer, block + done), head), pieces);
            pieces.limit(end);
            done = next;
        }
        bytesWritten = bytesWritten + bytes;
    }

    /** Says that all pieces of a block are written. */
    public void written(int layer, int block) {
        present[layer][block] = true;
    }

    /** Reads pieces of consecutive blocks of one run and head to where {@code target} stands, unchecked. */
    void read(int layer, int head, int block, int count, ByteBuffer target) throws IOException {
        long begun = System.nanoTime();
        for (int done = 0; done < count;) {
            int next = done + together(layer, block + done, count - done);
            target.limit(target.position() + (next - done) * pieceBytes);
            file.read(position(placeOf(layer, block + done), head), target);
            requests.incrementAndGet();
            done = next;
        }
        bytesRead.addAndGet((long) count * pieceBytes);
        readNanos.addAndGet(System.nanoTime() - begun);
    }

    /** How many of {@code count} blocks from one on lie side by side. */
    private int together(int layer, int block, int count) {
        int[] ofLayer = places[layer];
        int together = 1;
        while (together < count && ofLayer[block + together] == ofLayer[block] + together
                && ofLayer[block + together] % RUN != 0) {
            together++;
        }
        return together;
    }

    /**
     * Reads pieces for the system to keep them at hand. By any thread, at any time: what is read may be anything.
     *
     * @throws IOException where it can't be read, or is not there any more
     */
    void warm(int layer, int head, int block, int count, ByteBuffer scratch) throws IOException {
        int place = places[layer][block];
        if (place != NONE) {
            scratch.clear().limit(Math.min(count, RUN - place % RUN) * pieceBytes);
            file.read(position(place, head), scratch);
        }
    }

    /** Checksum of a piece as it was written. */
    int checksum(int layer, int head, int block) {
        int place = placeOf(layer, block);
        return regions.get(place / RUN).checksums[head * RUN + place % RUN];
    }

    private int placeOf(int layer, int block) {
        int place = places[layer][block];
        if (place == NONE) {
            throw new IllegalStateException("Block " + block + " of layer " + layer + " is not in the file");
        }
        return place;
    }

    private long position(int place, int head) {
        return place / RUN * regionBytes + ((long) head * RUN + place % RUN) * pieceBytes;
    }

    /** Forgets a block. Its place is used again; the file stays as large. */
    public void remove(int layer, int block) {
        int place = places[layer][block];
        present[layer][block] = false;
        places[layer][block] = NONE;
        if (place != NONE) {
            Region region = regions.get(place / RUN);
            region.free |= 1 << place % RUN;
            if (region.free == -1 && region.owner != NONE) { // whoever needs a region next may have it
                homes[region.owner] = NONE;
                region.owner = NONE;
            }
        }
    }

    /** Bytes that blocks could still take without the file growing. */
    public long freeBytes() {
        long free = 0;
        for (Region region : regions) {
            free += Integer.bitCount(region.free);
        }
        return free * heads * pieceBytes;
    }

    /** Bytes by which the file may still grow, as far as is known. */
    public long growthBytes() {
        return diskFull ? 0 : account.available() / regionBytes * regionBytes;
    }

    /** Bytes of a region: of a run of blocks of one layer. */
    public long regionBytes() {
        return regionBytes;
    }

    /** See {@link MemoryAccount#setIdle}. */
    public void setIdle(boolean idle) {
        account.setIdle(idle);
    }

    /** Bytes of the file. */
    public long bytes() {
        return account.reserved();
    }

    /** Requests in which something was read so far. */
    public long requests() {
        return requests.get();
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
