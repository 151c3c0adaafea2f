package io.alisa.cuda;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;

import io.alisa.device.DeviceStatus;

/**
 * Measures the kernels and the ways to the device on a GPU, against a copy on the device in the same run. Writes JSON: what
 * was measured, and which bars that meets. A copy's bandwidth counts what is read and what is written.
 *
 * <p>Use: {@code GpuBenchmarks FILE}.
 */
final class GpuBenchmarks implements AutoCloseable {
    static final int KV_HEADS = 8;
    static final int GROUP = 4;
    /** Of the tokens, where some are attended. */
    static final double SHARE = 0.2;
    private static final int BLOCK = Geometry.BLOCK_TOKENS;
    private static final double DENSE_BAR = 0.85;
    private static final double GATHER_BAR = 0.65;

    private final Driver driver;
    private final Sizes sizes;
    private final Geometry geometry;
    private final Driver.Attachment attachment;
    private final Driver.Stream stream;
    private final Driver.Event begin;
    private final Driver.Event end;
    private final GpuFigures figures = new GpuFigures();
    private final List<Driver.Memory> taken = new ArrayList<>();
    private double copyRate;

    /**
     * How much is measured.
     *
     * @param contexts    tokens
     * @param sequences   of a batch
     * @param batchTokens positions of a prompt's batch
     * @param copyBytes   of a copy
     * @param rounds      launches between two marks
     * @param layers      of a session
     * @param steps       of a session, in one of which it uploads
     */
    record Sizes(List<Integer> headSizes, List<Integer> contexts, List<Integer> sequences, int batchTokens,
            long copyBytes, int rounds, int layers, int steps) {
        static final Sizes FULL = new Sizes(List.of(64, 128), List.of(32 << 10, 128 << 10), List.of(1, 8), 256,
                1L << 30, 30, 16, BLOCK);
    }

    GpuBenchmarks(Driver driver, Sizes sizes) {
        this.driver = driver;
        this.sizes = sizes;
        this.geometry = new Geometry(driver.facts().multiprocessors());
        attachment = driver.attach();
        stream = driver.createStream();
        begin = driver.createTimer();
        end = driver.createTimer();
    }

    public static void main(String[] arguments) throws IOException {
        Path file = Path.of(arguments[0]);
        DeviceStatus status = new CudaModule().probe();
        if (!status.usable()) {
            System.out.println("NO GPU IS MEASURED: " + status.description());
            Files.writeString(file, GpuFigures.none(status.description()));
            return;
        }
        try (GpuBenchmarks benchmarks = new GpuBenchmarks(new JCudaBinding(), Sizes.FULL)) {
            Files.writeString(file, benchmarks.run().json(status.description()));
        }
    }

    /** Measures everything. */
    GpuFigures run() {
        SessionBenchmarks sessions = new SessionBenchmarks(driver, sizes, figures);
        copies();
        for (int headSize : sizes.headSizes()) {
            for (int tokens : sizes.contexts()) {
                for (int sequences : sizes.sequences()) {
                    attend("alisa_decode_int8_h", headSize, tokens, sequences, GROUP);
                    attend("alisa_gather_int8_h", headSize, tokens, sequences, GROUP);
                    attend("alisa_decode_f16_h", headSize, tokens, sequences, GROUP);
                }
            }
            attend("alisa_prefill_int8_h", headSize, sizes.contexts().getFirst(), 1, sizes.batchTokens() * GROUP);
            for (int tokens : sizes.contexts()) {
                sessions.layerSteps(headSize, tokens);
            }
        }
        sessions.stall();
        uploads(sessions);
        return figures;
    }

    private Driver.Memory take(long bytes) {
        Driver.Memory memory = driver.allocate(bytes);
        if (memory == null) {
            throw new IllegalStateException("the GPU has no room for " + bytes + " bytes");
        }
        taken.add(memory);
        return memory;
    }

    /** Seconds that some work takes on the device, the best of three. */
    private double seconds(int rounds, Runnable work) {
        double best = Double.MAX_VALUE;
        for (int attempt = 0; attempt < 4; attempt++) { // the first warms up
            driver.record(begin, stream);
            for (int i = 0; i < rounds; i++) {
                work.run();
            }
            driver.record(end, stream);
            driver.synchronize(end);
            double taken = driver.elapsed(begin, end) / 1e3 / rounds;
            best = attempt == 0 ? best : Math.min(best, taken);
        }
        return best;
    }

    private void copies() {
        long bytes = sizes.copyBytes();
        Driver.Memory from = take(bytes);
        Driver.Memory to = take(bytes);
        driver.zero(from, bytes, stream);
        copyRate = 2.0 * bytes / seconds(sizes.rounds(), () -> driver.copyOnDevice(to, from, bytes, stream)) / 1e9;
        figures.add("copy on the device", "\"GB/s\": %.1f", copyRate);
        free();
    }

    /** One layer: fills blocks with bytes that are no zeros, and attends them. */
    private void attend(String kernelName, int headSize, int tokens, int sequences, int rows) {
        boolean f16 = kernelName.contains("f16");
        boolean gather = kernelName.contains("gather");
        boolean batch = kernelName.contains("prefill");
        int blocks = tokens / BLOCK;
        long headBytes = f16 ? 256L * headSize : 128L * (headSize + 1);
        long blockBytes = KV_HEADS * headBytes;
        Driver.Memory kv = take(blocks * blockBytes * sequences);
        fill(kv, headBytes, f16);
        Driver.Memory table = addresses(kv, blockBytes, blocks * sequences);
        Driver.Memory masks = gather ? masks(blocks * KV_HEADS * sequences) : null;
        int partialFloats = Geometry.partialFloats(headSize);
        long rowCount = (long) sequences * KV_HEADS * rows;
        int gridY = batch ? Geometry.batchRows(KV_HEADS, rows, headSize) : Geometry.decodeRows(KV_HEADS, rows, true);
        Wave wave = batch
                ? Wave.of(driver, kernelName + headSize, threads -> Geometry.batchSharedBytes(headSize),
                        Geometry.THREADS)
                : Wave.ofDecode(driver, kernelName, headSize,
                        threads -> gather
                                ? Geometry.gatherSharedBytes(headSize, threads)
                                : Geometry.decodeSharedBytes(headSize, f16 ? 2 : 1, threads),
                        gridY * sequences);
        int splits = wave.splits(geometry, gridY, sequences, blocks);
        Driver.Memory queries = randomFloats(rowCount * headSize);
        Driver.Memory partials = take(rowCount * splits * partialFloats * Float.BYTES);
        Driver.Memory joined = take(rowCount * partialFloats * Float.BYTES);
        Driver.Memory tickets = take((long) gridY * sequences * Geometry.ticketsOfRow(splits, wave.threads())
                * Integer.BYTES);
        driver.zero(tickets, tickets.bytes(), stream);
        AttendArguments arguments = new AttendArguments(driver);
        arguments.setPointers(table.address(), masks == null ? 0 : masks.address(), queries.address(),
                partials.address(), joined.address(), tickets.address());
        arguments.setCounts(blocks, blocks, KV_HEADS, rows, headSize, headSize, splits, 0);
        double seconds = seconds(batch ? 3 : sizes.rounds(), () -> driver.launch(wave.kernel(), splits, gridY,
                sequences, wave.threads(), stream, arguments.arguments()));
        double bytes = (double) kv.bytes() * (gather ? SHARE : 1);
        double flops = 4.0 * rowCount * tokens * headSize;
        double share = bytes / seconds / 1e9 / copyRate;
        figures.add(kernelName + headSize,
                "\"head size\": %d, \"tokens\": %d, \"batch\": %d, \"rows\": %d, \"splits\": %d, \"threads\": %d, \"us\": %.1f,"
                        + " \"GB/s\": %.1f, \"of copy\": %.3f, \"TFLOP/s\": %.2f",
                headSize, tokens, sequences, rows, splits, wave.threads(), seconds * 1e6, bytes / seconds / 1e9, share,
                flops / seconds / 1e12);
        if (tokens == sizes.contexts().getLast() && !f16 && !batch) {
            figures.atLeast("%s, heads of %d, batch %d, %d tokens, of a copy's bandwidth".formatted(
                    gather ? "INT8 gathered" : "INT8 dense", headSize, sequences, tokens), share,
                    gather ? GATHER_BAR : DENSE_BAR);
        }
        free();
    }

    /** Rows of random bytes; scales small, so that the scores stay small; as halves, bytes of small numbers. */
    private void fill(Driver.Memory kv, long headBytes, boolean f16) {
        long part = headBytes * KV_HEADS * 16;
        Driver.Pinned pattern = Objects.requireNonNull(driver.allocatePinned(part));
        Random random = new Random(1);
        for (long i = 0; i < part; i++) {
            long at = i % headBytes;
            boolean scale = !f16 && at >= headBytes - 2L * BLOCK;
            byte value = scale
                    ? (byte) 40
                    : f16 && at % 2 == 1
                            ? (byte) (0x24 | random.nextInt(2) << 7)
                            : (byte) random.nextInt();
            pattern.segment().set(ValueLayout.JAVA_BYTE, i, value);
        }
        for (long to = 0; to < kv.bytes(); to += part) {
            driver.copyToDevice(kv, to, pattern, 0, Math.min(part, kv.bytes() - to), stream);
        }
        driver.record(end, stream);
        driver.synchronize(end);
        driver.freePinned(pattern);
    }

    private Driver.Memory addresses(Driver.Memory kv, long blockBytes, int count) {
        MemorySegment words = MemorySegment.ofArray(new long[count]);
        for (int i = 0; i < count; i++) {
            words.setAtIndex(ValueLayout.JAVA_LONG_UNALIGNED, i, kv.address() + i * blockBytes);
        }
        return upload(words);
    }

    private Driver.Memory masks(int count) {
        MemorySegment words = MemorySegment.ofArray(new long[count]);
        Random random = new Random(2);
        for (int i = 0; i < count; i++) {
            long word = 0;
            for (int bit = 0; bit < BLOCK; bit++) {
                word |= random.nextDouble() < SHARE ? 1L << bit : 0;
            }
            words.setAtIndex(ValueLayout.JAVA_LONG_UNALIGNED, i, word);
        }
        return upload(words);
    }

    private Driver.Memory randomFloats(long count) {
        MemorySegment floats = MemorySegment.ofArray(new float[Math.toIntExact(count)]);
        Random random = new Random(3);
        for (long i = 0; i < count; i++) {
            floats.setAtIndex(ValueLayout.JAVA_FLOAT_UNALIGNED, i, (float) random.nextGaussian());
        }
        return upload(floats);
    }

    private Driver.Memory upload(MemorySegment bytes) {
        Driver.Memory memory = take(bytes.byteSize());
        Driver.Pinned pinned = Objects.requireNonNull(driver.allocatePinned(bytes.byteSize()));
        MemorySegment.copy(bytes, 0, pinned.segment(), 0, bytes.byteSize());
        driver.copyToDevice(memory, 0, pinned, 0, bytes.byteSize(), stream);
        driver.record(end, stream);
        driver.synchronize(end);
        driver.freePinned(pinned);
        return memory;
    }

    /** Of pinned memory in one copy, and of blocks as sessions do. */
    private void uploads(SessionBenchmarks sessions) {
        long bytes = sizes.copyBytes() / 4;
        Driver.Memory to = take(bytes);
        Driver.Pinned pinned = Objects.requireNonNull(driver.allocatePinned(bytes));
        double rate = bytes / seconds(4, () -> driver.copyToDevice(to, 0, pinned, 0, bytes, stream)) / 1e9;
        driver.freePinned(pinned);
        figures.add("copy of pinned memory", "\"GB/s\": %.2f", rate);
        sessions.uploads(to, rate);
        free();
    }

    private void free() {
        taken.forEach(driver::free);
        taken.clear();
    }

    @Override
    public void close() {
        free();
        driver.destroy(begin);
        driver.destroy(end);
        driver.destroy(stream);
        attachment.close();
        driver.close();
    }
}
