package io.alisa.cuda;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Random;

import io.alisa.device.DeviceKv;
import io.alisa.device.DeviceShape;
import io.alisa.device.DeviceStatus;
import io.alisa.parallel.WorkerTeam;
import io.alisa.tier.MemoryBudget;

/**
 * Measures the kernels and the ways to the device on a GPU, against a copy on the device in the same run. Writes JSON: a
 * list of figures. A copy's bandwidth counts what is read and what is written.
 *
 * <p>Use: {@code GpuBenchmarks FILE}.
 */
final class GpuBenchmarks implements AutoCloseable {
    private static final int KV_HEADS = 8;
    private static final int GROUP = 4;
    private static final int BLOCK = Geometry.BLOCK_TOKENS;
    private static final double SHARE = 0.2;
    /** As many as a session uploads at once. */
    private static final int BLOCKS_AT_ONCE = 32;

    private final Driver driver;
    private final Sizes sizes;
    private final Geometry geometry;
    private final Driver.Stream stream;
    private final Driver.Event begin;
    private final Driver.Event end;
    private final List<String> figures = new ArrayList<>();
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
     */
    record Sizes(List<Integer> headSizes, List<Integer> contexts, List<Integer> sequences, int batchTokens,
            long copyBytes, int rounds) {
        static final Sizes FULL = new Sizes(List.of(64, 128), List.of(32 << 10, 128 << 10), List.of(1, 8), 256,
                1L << 30, 30);
    }

    GpuBenchmarks(Driver driver, Sizes sizes) {
        this.driver = driver;
        this.sizes = sizes;
        this.geometry = new Geometry(driver.facts().multiprocessors());
        driver.attach();
        stream = driver.createStream();
        begin = driver.createEvent();
        end = driver.createEvent();
    }

    public static void main(String[] arguments) throws IOException {
        Path file = Path.of(arguments[0]);
        DeviceStatus status = new CudaModule().probe();
        if (!status.usable()) {
            String text = "no GPU is measured: " + status.description();
            System.out.println(text);
            Files.writeString(file, "{\"gpu\": null, \"reason\": \"" + status.description() + "\", \"figures\": []}\n");
            return;
        }
        try (GpuBenchmarks benchmarks = new GpuBenchmarks(new JCudaBinding(), Sizes.FULL)) {
            Files.writeString(file, "{\"gpu\": \"" + status.description() + "\", \"date\": \"" + Instant.now()
                    + "\", \"figures\": [\n  " + String.join(",\n  ", benchmarks.run()) + "\n]}\n");
        }
    }

    /** Returns the figures, each as JSON. */
    List<String> run() {
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
                layerStep(headSize, tokens);
            }
        }
        uploads();
        return figures;
    }

    private void figure(String name, String fields) {
        String figure = "{\"name\": \"" + name + "\", " + fields + "}";
        figures.add(figure);
        System.out.println(figure);
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
        figure("copy on the device", String.format(Locale.ROOT, "\"GB/s\": %.1f", copyRate));
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
        int shared = batch
                ? Geometry.batchSharedBytes(headSize)
                : gather ? Geometry.gatherSharedBytes(headSize) : Geometry.decodeSharedBytes(headSize, f16 ? 2 : 1);
        Driver.Kernel kernel = driver.kernel(kernelName + headSize, shared);
        int gridY = batch ? Geometry.batchRows(KV_HEADS, rows, headSize) : Geometry.decodeRows(KV_HEADS, rows, true);
        int splits = geometry.splits(gridY, sequences, driver.residentBlocks(kernel, Geometry.THREADS), blocks);
        Driver.Memory queries = randomFloats(rowCount * headSize);
        Driver.Memory partials = take(rowCount * splits * partialFloats * Float.BYTES);
        Driver.Memory joined = take(rowCount * partialFloats * Float.BYTES);
        Driver.Memory tickets = take((long) gridY * sequences * Integer.BYTES);
        driver.zero(tickets, tickets.bytes(), stream);
        AttendArguments arguments = new AttendArguments(driver);
        arguments.setPointers(table.address(), masks == null ? 0 : masks.address(), queries.address(),
                partials.address(), joined.address(), tickets.address());
        arguments.setCounts(blocks, blocks, KV_HEADS, rows, headSize, headSize, splits, 0);
        double seconds = seconds(batch ? 3 : sizes.rounds(), () -> driver.launch(kernel, splits, gridY, sequences,
                Geometry.THREADS, stream, arguments.arguments()));
        double bytes = (double) kv.bytes() * (gather ? SHARE : 1);
        double flops = 4.0 * rowCount * tokens * headSize;
        figure(kernelName + headSize, String.format(Locale.ROOT,
                "\"tokens\": %d, \"batch\": %d, \"rows\": %d, \"splits\": %d, \"us\": %.1f, \"GB/s\": %.1f,"
                        + " \"of copy\": %.3f, \"TFLOP/s\": %.2f",
                tokens, sequences, rows, splits, seconds * 1e6, bytes / seconds / 1e9, bytes / seconds / 1e9 / copyRate,
                flops / seconds / 1e12));
        free();
    }

    /** What a step of a layer takes as a session sees it: queries there, attention, partials back. */
    private void layerStep(int headSize, int tokens) {
        DeviceShape shape = new DeviceShape(KV_HEADS, GROUP, headSize, headSize, 0, 128L * (headSize + 1));
        CudaDevice device = device();
        int blocks = tokens / BLOCK;
        try (Arena arena = Arena.ofConfined(); DeviceKv kv = Objects.requireNonNull(device.openKv(shape, 1, blocks))) {
            long source = arena.allocate(shape.blockBytes(), 64).address();
            for (int block = 0; block < blocks; block++) {
                kv.put(0, block, source, 0);
            }
            kv.upload(0);
            float[] queries = new float[shape.rows(1) * headSize];
            float[] values = new float[queries.length];
            float[] max = new float[shape.rows(1)];
            float[] sum = new float[shape.rows(1)];
            long fastest = Long.MAX_VALUE;
            for (int attempt = 0; attempt < 10 * sizes.rounds(); attempt++) {
                long begun = System.nanoTime();
                kv.begin(0, blocks, queries);
                kv.finish(max, sum, values);
                fastest = Math.min(fastest, System.nanoTime() - begun);
            }
            figure("a layer's step", String.format(Locale.ROOT, "\"head size\": %d, \"tokens\": %d, \"us\": %.1f",
                    headSize, tokens, fastest / 1e3));
        } finally {
            device.close();
        }
    }

    /** The device as sessions use it, on the same driver. */
    private CudaDevice device() {
        return new CudaDevice(new FaultyDriver(driver, Long.MAX_VALUE) {
            @Override
            public void close() {
                // it is used on
            }
        }, MemoryBudget.unlimited(), new HostSide(MemoryBudget.unlimited(), WorkerTeam.shared(), 0));
    }

    /** Rows of random bytes; scales small, so that the scores stay small; as halves, bytes of small numbers. */
    private void fill(Driver.Memory kv, long headBytes, boolean f16) {
        long part = headBytes * KV_HEADS * 16;
        Driver.Pinned pattern = driver.allocatePinned(part);
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
        Driver.Pinned pinned = driver.allocatePinned(bytes.byteSize());
        MemorySegment.copy(bytes, 0, pinned.segment(), 0, bytes.byteSize());
        driver.copyToDevice(memory, 0, pinned, 0, bytes.byteSize(), stream);
        driver.record(end, stream);
        driver.synchronize(end);
        driver.freePinned(pinned);
        return memory;
    }

    /** Blocks by the staging ring, against one copy of pinned memory. */
    private void uploads() {
        long bytes = sizes.copyBytes() / 4;
        Driver.Memory to = take(bytes);
        Driver.Pinned pinned = driver.allocatePinned(bytes);
        double best = bytes / seconds(4, () -> driver.copyToDevice(to, 0, pinned, 0, bytes, stream)) / 1e9;
        driver.freePinned(pinned);
        figure("copy of pinned memory", String.format(Locale.ROOT, "\"GB/s\": %.2f", best));
        long block = KV_HEADS * 128L * 129;
        Uploads uploads = new Uploads();
        try (Arena arena = Arena.ofShared();
                StagingRing ring = new StagingRing(driver, new PinnedPool(driver, MemoryBudget.unlimited()),
                        WorkerTeam.shared())) {
            long source = arena.allocate(bytes, 64).fill((byte) 1).address();
            double fastest = Double.MAX_VALUE;
            for (int attempt = 0; attempt < 4; attempt++) {
                long begun = System.nanoTime();
                for (int i = 0; (i + 1) * block <= bytes; i++) {
                    uploads.add(source + i * block, new SlabPool.Place(to, this, i, block));
                    if (uploads.count() == BLOCKS_AT_ONCE || (i + 2) * block > bytes) {
                        ring.copy(uploads, end);
                        uploads.clear();
                    }
                }
                driver.synchronize(end);
                fastest = Math.min(fastest, (System.nanoTime() - begun) / 1e9);
            }
            double rate = bytes / block * block / fastest / 1e9;
            figure("upload of blocks", String.format(Locale.ROOT, "\"GB/s\": %.2f, \"of pinned\": %.3f", rate,
                    rate / best));
        }
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
        driver.close();
    }
}
