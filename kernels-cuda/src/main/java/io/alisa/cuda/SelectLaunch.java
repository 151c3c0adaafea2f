package io.alisa.cuda;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

import io.alisa.device.DeviceShape;
import io.alisa.device.TokenChoice;
import org.jspecify.annotations.Nullable;

/**
 * Selecting a layer's tokens on the device, and attending them and the estimate of the others: six launches, one copy there
 * and one back. Nothing is allocated, here or on the device, but where a context is larger than any before. Owned by one
 * session.
 */
final class SelectLaunch {
    private final Driver driver;
    private final DeviceShape shape;
    private final int maxBlocks;
    private final boolean tuned;
    private final Geometry geometry;
    private final int gridY;
    /** Queries, then what is pinned. */
    private final Buffer input;
    private final PinnedBuffer inputHere;
    /** Joined partials, then what is selected. */
    private final Buffer output;
    private final PinnedBuffer outputHere;
    private final Buffer partials;
    private final SelectScratch scratch;
    private final long queryBytes;
    private final long joinedBytes;
    private final int estimateBytes;
    /** Whether thread blocks of the card have shared memory enough to estimate for so many query heads of that size. */
    private final boolean fits;
    private final SelectArguments select;
    private final SkippedArguments skip;
    private final AttendArguments attend;
    /** Made when first used. */
    private @Nullable Prepared prepared;
    private int words;

    /** What is made once. */
    private record Prepared(Driver.Kernel estimate, Driver.Kernel importance, Driver.Kernel threshold,
            Driver.Kernel masks, Driver.Kernel skipped, Wave gather, Driver.Event done) {
    }

    SelectLaunch(CudaDevice device, DeviceShape shape, int maxBlocks) {
        this.driver = device.driver();
        this.shape = shape;
        this.maxBlocks = maxBlocks;
        this.tuned = device.isTuned(shape.headSize());
        this.geometry = device.geometry();
        this.gridY = Geometry.decodeRows(shape.kvHeads(), shape.groupSize(), tuned);
        this.input = new Buffer(driver, device.account());
        this.output = new Buffer(driver, device.account());
        this.partials = new Buffer(driver, device.account());
        this.scratch = new SelectScratch(driver, new Buffer(driver, device.account()), shape);
        this.inputHere = new PinnedBuffer(device.pinned());
        this.outputHere = new PinnedBuffer(device.pinned());
        this.queryBytes = (long) shape.rows(1) * shape.rowStride() * Float.BYTES;
        this.joinedBytes = (long) shape.rows(1) * Geometry.partialFloats(shape.headSize()) * Float.BYTES;
        this.estimateBytes = Geometry.estimateSharedBytes(shape.groupSize(), shape.headSize());
        this.fits = estimateBytes <= driver.facts().sharedBytes();
        this.select = new SelectArguments(driver);
        this.skip = new SkippedArguments(driver);
        this.attend = new AttendArguments(driver);
    }

    private Prepared prepared() {
        Prepared existing = prepared;
        if (existing == null) {
            Wave gather = tuned
                    ? Wave.ofDecode(driver, "alisa_gather_int8_h", shape.headSize(),
                            threads -> Geometry.gatherSharedBytes(shape.headSize(), threads), gridY)
                    : Wave.of(driver, "alisa_attend_int8_any", threads -> 0, Geometry.THREADS);
            existing = new Prepared(
                    driver.kernel("alisa_estimate", estimateBytes),
                    driver.kernel("alisa_select_importance", 0), driver.kernel("alisa_select_threshold", 0),
                    driver.kernel("alisa_select_masks", 0), driver.kernel("alisa_skipped", 0), gather,
                    driver.createEvent());
            prepared = existing;
        }
        return existing;
    }

    private int splits(int blocks) {
        return prepared().gather().splits(geometry, gridY, 1, blocks);
    }

    private long selectedBytes(int blocks) {
        return (long) shape.kvHeads() * (blocks + 1) * Long.BYTES;
    }

    /**
     * Sees to it that there is memory for that many blocks beside the newest. Returns false where there is not, and where the
     * card can't select in this shape.
     */
    boolean reserve(int blocks) {
        if (!fits) {
            return false;
        }
        int splits = splits(maxBlocks);
        int count = splits + Geometry.skippedSplits(maxBlocks);
        return scratch.reserve(blocks, maxBlocks, gridY * Geometry.ticketsOfRow(splits, prepared().gather().threads()))
                && input.reserve(queryBytes + (maxBlocks + 1L) * Long.BYTES)
                && inputHere.reserve(queryBytes + (maxBlocks + 1L) * Long.BYTES)
                && output.reserve(joinedBytes + selectedBytes(maxBlocks))
                && outputHere.reserve(joinedBytes + selectedBytes(maxBlocks))
                && partials.reserve(joinedBytes * count);
    }

    /** Starts, after {@link #reserve}. All blocks are there, with their digests. */
    void start(LayerBlocks layer, int blocks, float[] rows, TokenChoice choice, Driver.Stream stream) {
        Prepared with = prepared();
        scratch.zero(stream);
        words = (choice.tokens() + Geometry.BLOCK_TOKENS - 1) / Geometry.BLOCK_TOKENS;
        boolean pinned = copyInput(rows, choice.pinned(), stream);
        select(with, layer, blocks, choice, pinned, stream);
        attend(with, layer, blocks, stream);
        scratch.leaveAtZero();
        driver.copyToHost(outputHere.memory(), output.memory(),
                joinedBytes + (long) shape.kvHeads() * words * Long.BYTES, stream);
        driver.record(with.done, stream);
    }

    /** Returns whether anything is pinned. */
    private boolean copyInput(float[] rows, long @Nullable [] pinned, Driver.Stream stream) {
        MemorySegment here = inputHere.segment();
        MemorySegment.copy(rows, 0, here, ValueLayout.JAVA_FLOAT, 0, shape.rows(1) * shape.rowStride());
        long bytes = queryBytes;
        if (pinned != null) {
            MemorySegment.copy(pinned, 0, here, ValueLayout.JAVA_LONG, queryBytes, words);
            bytes += (long) words * Long.BYTES;
        }
        driver.copyToDevice(input.memory(), 0, inputHere.memory(), 0, bytes, stream);
        return pinned != null;
    }

    private void select(Prepared with, LayerBlocks layer, int blocks, TokenChoice choice, boolean pinned,
            Driver.Stream stream) {
        int scored = (choice.windowStart() + Geometry.BLOCK_TOKENS - 1) / Geometry.BLOCK_TOKENS;
        int chunks = Geometry.selectChunks(scored);
        int heads = shape.kvHeads();
        select.setInputs(layer.means(), layer.sketches(), input.address(),
                pinned ? input.address() + queryBytes : 0);
        select.setOutputs(scratch, output.address() + joinedBytes);
        select.setCounts(shape, blocks, scored, words, choice);
        Driver.Arguments arguments = select.arguments();
        driver.launch(with.estimate, Geometry.estimateChunks(scored), heads, 1, Geometry.SELECT_THREADS, stream,
                arguments);
        driver.launch(with.importance, chunks, heads, 1, Geometry.SELECT_THREADS, stream, arguments);
        driver.launch(with.threshold, chunks, heads, 1, Geometry.SELECT_THREADS, stream, arguments);
        driver.launch(with.masks, Geometry.selectChunks(Math.max(words, blocks)), heads, 1, Geometry.SELECT_THREADS,
                stream, arguments);
    }

    private void attend(Prepared with, LayerBlocks layer, int blocks, Driver.Stream stream) {
        int skippedSplits = Geometry.skippedSplits(blocks);
        int splits = splits(blocks);
        skip.set(layer.means(), scratch, partials.address(), shape, blocks, words, skippedSplits + splits);
        driver.launch(with.skipped, skippedSplits, shape.kvHeads(), 1, Geometry.SELECT_THREADS, stream,
                skip.arguments());
        attend.setPointers(layer.blocks(), output.address() + joinedBytes, input.address(), partials.address(),
                output.address(), scratch.tickets());
        attend.setCounts(blocks, words, shape.kvHeads(), shape.groupSize(), shape.rowStride(), shape.headSize(),
                skippedSplits + splits, shape.softCap());
        attend.setFirstPartial(skippedSplits);
        driver.launch(with.gather.kernel(), splits, gridY, 1, with.gather.threads(), stream, attend.arguments());
    }

    /** Waits for what was started. The partials of all rows, one behind the other. */
    MemorySegment await() {
        driver.synchronize(prepared().done());
        return outputHere.segment();
    }

    /** What was selected, after {@link #await}. */
    void copySelected(long[][] to) {
        for (int head = 0; head < shape.kvHeads(); head++) {
            MemorySegment.copy(outputHere.segment(), ValueLayout.JAVA_LONG,
                    joinedBytes + (long) head * words * Long.BYTES, to[head], 0, words);
        }
    }

    long bytes() {
        return input.bytes() + output.bytes() + partials.bytes() + scratch.bytes();
    }

    /** Gives up its memory, as far as a lost device still can, until something is reserved again. */
    void rest() {
        input.close();
        output.close();
        partials.close();
        scratch.close();
        inputHere.close();
        outputHere.close();
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
