package io.alisa.cuda;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

import io.alisa.device.DeviceShape;
import io.alisa.device.Placement;
import org.jspecify.annotations.Nullable;

/**
 * One way of attending a layer's blocks, and the memory that takes. Nothing is allocated, here or on the device, but where
 * a batch needs more than any before. Owned by one session.
 */
final class AttendLaunch {
    /** What is attended. */
    enum Kind {
        /** All tokens, by the newest. */
        DECODE("alisa_decode_int8_h"),
        /** Selected tokens, by the newest. */
        GATHER("alisa_gather_int8_h"),
        /** All tokens, by a batch. */
        BATCH("alisa_prefill_int8_h");

        private final String kernel;

        Kind(String kernel) {
            this.kernel = kernel;
        }
    }

    private static final String ANY_HEAD_SIZE = "alisa_attend_int8_any";

    private final Driver driver;
    private final DeviceShape shape;
    private final Kind kind;
    private final int maxBlocks;
    private final boolean tuned;
    private final Geometry geometry;
    private final Buffer queries;
    private final Buffer selected;
    private final Buffer partials;
    private final Buffer joined;
    private final Buffer tickets;
    private final PinnedBuffer queriesHere;
    private final PinnedBuffer selectedHere;
    private final PinnedBuffer joinedHere;
    private final int partialFloats;
    private final AttendArguments arguments;
    /** Made when first used. */
    private @Nullable Prepared prepared;
    /** Tickets are zero before the first launch; each leaves them as it finds them. */
    private boolean zeroed;

    /** What is made once. */
    private record Prepared(Wave wave, Driver.Event done) {
    }

    AttendLaunch(CudaDevice device, DeviceShape shape, Kind kind, int maxBlocks) {
        this.driver = device.driver();
        this.shape = shape;
        this.kind = kind;
        this.maxBlocks = maxBlocks;
        this.tuned = device.isTuned(shape.headSize());
        this.geometry = device.geometry();
        this.partialFloats = Geometry.partialFloats(shape.headSize());
        this.queries = new Buffer(driver, device.account());
        this.selected = new Buffer(driver, device.account());
        this.partials = new Buffer(driver, device.account());
        this.joined = new Buffer(driver, device.account());
        this.tickets = new Buffer(driver, device.account());
        this.queriesHere = new PinnedBuffer(device.pinned());
        this.selectedHere = new PinnedBuffer(device.pinned());
        this.joinedHere = new PinnedBuffer(device.pinned());
        this.arguments = new AttendArguments(driver);
    }

    private Prepared prepared() {
        Prepared existing = prepared;
        if (existing == null) {
            existing = new Prepared(wave(), driver.createEvent());
            prepared = existing;
        }
        return existing;
    }

    private Wave wave() {
        int headSize = shape.headSize();
        if (!tuned) {
            return Wave.of(driver, ANY_HEAD_SIZE, threads -> 0, Geometry.THREADS);
        }
        return switch (kind) {
            case DECODE -> Wave.ofDecode(driver, kind.kernel, headSize,
                    threads -> Geometry.decodeSharedBytes(headSize, 1, threads), gridY(1));
            case GATHER -> Wave.ofDecode(driver, kind.kernel, headSize,
                    threads -> Geometry.gatherSharedBytes(headSize, threads), gridY(1));
            case BATCH -> Wave.of(driver, kind.kernel + headSize,
                    threads -> Geometry.batchSharedBytes(headSize), Geometry.THREADS);
        };
    }

    /** Query rows of a KV head. */
    private int rows(int positions) {
        return shape.groupSize() * positions;
    }

    private int gridY(int positions) {
        return kind == Kind.BATCH
                ? Geometry.batchRows(shape.kvHeads(), rows(positions), shape.headSize())
                : Geometry.decodeRows(shape.kvHeads(), rows(positions), tuned);
    }

    private int splits(int positions, int blocks) {
        return prepared().wave().splits(geometry, gridY(positions), 1, blocks);
    }

    private long joinedBytes(int positions) {
        return (long) shape.rows(positions) * partialFloats * Float.BYTES;
    }

    private long queryBytes(int positions) {
        return (long) shape.rows(positions) * shape.rowStride() * Float.BYTES;
    }

    private long selectedBytes() {
        return (long) shape.kvHeads() * maxBlocks * Long.BYTES;
    }

    /** Whether a launch may be so large: its grid, and what of it is pinned. */
    boolean fits(int positions) {
        return gridY(positions) <= Driver.MOST_BLOCKS
                && Math.max(queryBytes(positions), joinedBytes(positions)) <= Driver.MOST_PINNED;
    }

    /** Whether the kernel writes what it joined to this machine: so few bytes that a copy would take longer. */
    private boolean joinsHere() {
        return kind != Kind.BATCH;
    }

    /** Sees to it that there is memory for that many positions and blocks. */
    Placement reserve(int positions, int blocks) {
        long joinedBytes = joinedBytes(positions);
        int splits = splits(positions, blocks);
        long ticketBytes = (long) gridY(positions) * Geometry.ticketsOfRow(splits, prepared().wave().threads())
                * Integer.BYTES;
        zeroed &= ticketBytes <= tickets.bytes();
        if (!queries.reserve(queryBytes(positions)) || (!joinsHere() && !joined.reserve(joinedBytes))
                || !partials.reserve(joinedBytes * splits)
                || !tickets.reserve(ticketBytes)
                || (kind == Kind.GATHER && !selected.reserve(selectedBytes()))) {
            return Placement.FULL;
        }
        return queriesHere.reserve(queryBytes(positions)) && joinedHere.reserve(joinedBytes)
                && (kind != Kind.GATHER || selectedHere.reserve(selectedBytes())) ? Placement.DONE : Placement.REFUSED;
    }

    /**
     * Starts, after {@link #reserve}.
     *
     * @param table  address of the layer's list of blocks
     * @param tokens which are selected; null: all
     */
    void start(long table, int blocks, float[] rows, long @Nullable [][] tokens, int positions, Driver.Stream stream) {
        Prepared with = prepared();
        if (!zeroed) {
            driver.zero(tickets.memory(), tickets.bytes(), stream);
            zeroed = true;
        }
        MemorySegment.copy(rows, 0, queriesHere.segment(), ValueLayout.JAVA_FLOAT, 0,
                shape.rows(positions) * shape.rowStride());
        driver.copyToDevice(queries.memory(), 0, queriesHere.memory(), 0, queryBytes(positions), stream);
        if (tokens != null) {
            copySelected(tokens, blocks, stream);
        }
        int splits = splits(positions, blocks);
        arguments.setPointers(table, tokens == null ? 0 : selected.address(), queries.address(),
                partials.address(), joinsHere() ? joinedHere.memory().address() : joined.address(), tickets.address());
        arguments.setCounts(blocks, tokens == null ? maxBlocks : blocks, shape.kvHeads(), rows(positions),
                shape.rowStride(), shape.headSize(), splits, shape.softCap());
        driver.launch(with.wave.kernel(), splits, gridY(positions), 1, with.wave.threads(), stream,
                arguments.arguments());
        if (!joinsHere()) {
            driver.copyToHost(joinedHere.memory(), joined.memory(), joinedBytes(positions), stream);
        }
        driver.record(with.done, stream);
    }

    /** One sequence: the stride of its list does not matter, so that of the words may be as short as they are. */
    private void copySelected(long[][] tokens, int blocks, Driver.Stream stream) {
        MemorySegment words = selectedHere.segment();
        for (int head = 0; head < shape.kvHeads(); head++) {
            MemorySegment.copy(tokens[head], 0, words, ValueLayout.JAVA_LONG, (long) head * blocks * Long.BYTES,
                    blocks);
        }
        driver.copyToDevice(selected.memory(), 0, selectedHere.memory(), 0,
                (long) shape.kvHeads() * blocks * Long.BYTES, stream);
    }

    /** Waits for what was started. The partials of all rows, one behind the other. */
    MemorySegment await() {
        driver.synchronize(prepared().done());
        return joinedHere.segment();
    }

    long bytes() {
        return queries.bytes() + selected.bytes() + partials.bytes() + joined.bytes() + tickets.bytes();
    }

    /** Gives up its memory, as far as a lost device still can, until something is reserved again. */
    void rest() {
        queries.close();
        selected.close();
        partials.close();
        joined.close();
        tickets.close();
        queriesHere.close();
        selectedHere.close();
        joinedHere.close();
    }

    /** Gives everything back likewise. */
    void close() {
        rest();
        Prepared there = prepared;
        prepared = null;
        if (there != null) {
            Quietly.run(() -> driver.destroy(there.done()));
        }
    }
}
