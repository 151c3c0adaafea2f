package io.alisa.cuda;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Objects;
import java.util.Random;

import io.alisa.device.DeviceKv;
import io.alisa.device.DeviceShape;
import io.alisa.device.Placement;
import io.alisa.device.TokenChoice;
import io.alisa.parallel.WorkerTeam;
import io.alisa.tier.MemoryBudget;
import io.alisa.tier.Pinning;

/** What a session sees of the device: the steps of its layers, dense and sparse, and what uploads cost them. */
final class SessionBenchmarks {
    private static final int BLOCK = Geometry.BLOCK_TOKENS;
    /** As many as a session uploads at once. */
    private static final int BLOCKS_AT_ONCE = 32;
    private static final int DIFFERENT = 200;
    private static final double UPLOAD_BAR = 0.9;
    private static final double STALL_BAR = 0.1;

    private final Driver driver;
    private final GpuBenchmarks.Sizes sizes;
    private final GpuFigures figures;

    SessionBenchmarks(Driver driver, GpuBenchmarks.Sizes sizes, GpuFigures figures) {
        this.driver = driver;
        this.sizes = sizes;
        this.figures = figures;
    }

    /** The device as sessions use it, on a driver that is used on. */
    private CudaDevice device() {
        return new CudaDevice(new FaultyDriver(driver, Long.MAX_VALUE) {
            @Override
            public void close() {
                // it is used on
            }
        }, MemoryBudget.unlimited(), new HostSide(MemoryBudget.unlimited(), WorkerTeam.shared(), 0));
    }

    /** A session whose blocks are random, {@value #DIFFERENT} of them over and over. */
    private final class Session implements AutoCloseable {
        private final Arena arena = Arena.ofShared();
        private final CudaDevice device = device();
        private final int layers;
        private final int blocks;
        private final long blockBytes;
        private final long sketchBytes;
        private final long firstBlock;
        private final long firstSketch;
        private final DeviceKv kv;
        private final float[] queries;
        private final float[] values;
        private final float[] max;
        private final float[] sum;
        private final long[][] selected;

        Session(int headSize, int tokens, int layers) {
            this.layers = layers;
            this.blocks = tokens / BLOCK;
            DeviceShape shape = new DeviceShape(GpuBenchmarks.KV_HEADS, GpuBenchmarks.GROUP, headSize, headSize, 0,
                    128L * (headSize + 1));
            blockBytes = shape.blockBytes();
            sketchBytes = shape.sketchBytes();
            firstBlock = random(blockBytes / GpuBenchmarks.KV_HEADS, 2 * BLOCK);
            firstSketch = random(sketchBytes / GpuBenchmarks.KV_HEADS, BLOCK);
            kv = Objects.requireNonNull(device.prepareKv(shape, layers, blocks + 1));
            placed(kv.open());
            queries = new float[shape.rows(1) * headSize];
            Random random = new Random(3);
            for (int i = 0; i < queries.length; i++) {
                queries[i] = (float) random.nextGaussian() / 4;
            }
            values = new float[queries.length];
            max = new float[shape.rows(1)];
            sum = new float[shape.rows(1)];
            selected = new long[GpuBenchmarks.KV_HEADS][blocks + 1];
            for (int layer = 0; layer < layers; layer++) {
                for (int i = 0; i < blocks; i++) {
                    put(layer, i);
                    if (i % BLOCKS_AT_ONCE == 0) {
                        kv.upload(layer);
                    }
                }
                for (int i = 0; i * BLOCK < blocks; i++) {
                    placed(kv.putMeans(layer, i, firstBlock + i % DIFFERENT * blockBytes));
                }
                kv.upload(layer);
            }
        }

        private static void placed(Placement placement) {
            if (placement != Placement.DONE) {
                throw new IllegalStateException("the GPU has no room for a session");
            }
        }

        /** Pieces of all heads of the blocks: random bytes, then so many codes of scales, with which scores deviate by 2. */
        private long random(long pieceBytes, int codes) {
            MemorySegment segment = arena.allocate(DIFFERENT * GpuBenchmarks.KV_HEADS * pieceBytes, 64);
            Random random = new Random(5);
            for (long i = 0; i < segment.byteSize(); i++) {
                boolean code = i % pieceBytes >= pieceBytes - codes;
                segment.set(ValueLayout.JAVA_BYTE, i, (byte) (code ? 132 + random.nextInt(8) : random.nextInt()));
            }
            return segment.address();
        }

        void put(int layer, int index) {
            placed(kv.put(layer, index, firstBlock + index % DIFFERENT * blockBytes,
                    firstSketch + index % DIFFERENT * sketchBytes));
        }

        void dense(int layer) {
            kv.begin(layer, blocks, queries);
            kv.finish(max, sum, values);
        }

        void sparse(int layer, TokenChoice choice) {
            kv.begin(layer, blocks, queries, choice);
            kv.finish(max, sum, values);
            kv.selected(selected);
        }

        @Override
        public void close() {
            kv.close();
            device.close();
            arena.close();
        }
    }

    /** Microseconds of the fastest of some runs. */
    private double fastest(int runs, Runnable step) {
        long fastest = Long.MAX_VALUE;
        for (int i = 0; i < runs; i++) {
            long begun = System.nanoTime();
            step.run();
            fastest = Math.min(fastest, System.nanoTime() - begun);
        }
        return fastest / 1e3;
    }

    /** A step of a layer from the call to the result: queries there, attention, partials back. */
    void layerSteps(int headSize, int tokens) {
        TokenChoice choice = new TokenChoice();
        int total = (int) (GpuBenchmarks.SHARE * tokens);
        choice.set(tokens + 1, 4, tokens + 1 - Math.max(BLOCK, total / 4), Math.max(1, total - total / 4 - 4), null);
        try (Session session = new Session(headSize, tokens, 1)) {
            double dense = fastest(10 * sizes.rounds(), () -> session.dense(0));
            double sparse = fastest(10 * sizes.rounds(), () -> session.sparse(0, choice));
            String fields = "\"head size\": %d, \"tokens\": %d, \"us\": %.1f";
            figures.add("a layer's dense step", fields, headSize, tokens, dense);
            figures.add("a layer's sparse step", fields, headSize, tokens, sparse);
        }
    }

    /** Steps of a session whose layers upload a block each in every 64th, against steps that upload none. */
    void stall() {
        int headSize = sizes.headSizes().getFirst();
        int tokens = sizes.contexts().getFirst();
        try (Session session = new Session(headSize, tokens, sizes.layers())) {
            double plain = Double.MAX_VALUE;
            double uploading = Double.MAX_VALUE;
            double worst = 0;
            for (int attempt = 0; attempt < 4; attempt++) { // the first warms up
                plain = Math.min(plain, steps(session, false));
                uploading = Math.min(uploading, steps(session, true));
                worst = attempt == 0 ? 0 : Math.max(worst, step(session, true) * 1e6);
            }
            double exposed = Math.max(0, uploading / plain - 1);
            figures.add("steps with uploads", "\"head size\": %d, \"tokens\": %d, \"layers\": %d, \"us\": %.1f,"
                    + " \"us without\": %.1f, \"us of the slowest that uploads\": %.1f, \"exposed stall\": %.4f",
                    headSize, tokens, sizes.layers(), uploading * 1e6, plain * 1e6, worst, exposed);
            figures.atMost("exposed stall of a step", exposed, STALL_BAR);
        }
    }

    private double steps(Session session, boolean upload) {
        double sum = 0;
        for (int step = 0; step < sizes.steps(); step++) {
            sum += step(session, upload && step == sizes.steps() / 2);
        }
        return sum / sizes.steps();
    }

    /** Seconds of a step. */
    private static double step(Session session, boolean upload) {
        long begun = System.nanoTime();
        for (int layer = 0; layer < session.layers; layer++) {
            session.dense(layer);
            if (upload) {
                session.put(layer, session.blocks);
                session.kv.upload(layer);
            }
        }
        double seconds = (System.nanoTime() - begun) / 1e9;
        for (int layer = 0; upload && layer < session.layers; layer++) {
            session.kv.forget(layer, session.blocks);
        }
        return seconds;
    }

    /** What copies some blocks of a layer. */
    private interface Way {
        void copy(Uploads uploads, int layer, Driver.Event done);
    }

    /** Blocks as a prompt brings them, a batch's of layer after layer, against one copy of pinned memory at the rate given. */
    void uploads(Driver.Memory to, double pinnedRate) {
        WorkerTeam team = WorkerTeam.shared();
        try (Arena arena = Arena.ofShared();
                PinnedRanges ranges = new PinnedRanges(driver);
                DirectCopies direct = new DirectCopies(driver, ranges);
                StagingRing ring = new StagingRing(driver, new PinnedPool(driver, MemoryBudget.unlimited()), team)) {
            MemorySegment source = arena.allocate(to.bytes(), Pinning.ALIGNMENT);
            for (long i = 0; i < to.bytes(); i += Long.BYTES) {
                source.set(ValueLayout.JAVA_LONG, i, i * 0x9E3779B97F4A7C15L);
            }
            double staged = rate(source.address(), to, (uploads, layer, done) -> ring.copy(uploads, done));
            figures.add("upload of memory that is not pinned", "\"GB/s\": %.2f, \"of pinned\": %.3f, \"threads\": %d",
                    staged, staged / pinnedRate, team.size());
            double pinning = to.bytes() / fastest(1, () -> ranges.pin(source.address(), to.bytes())) / 1e3;
            figures.add("pinning", "\"GB/s\": %.2f", pinning);
            double rate = rate(source.address(), to, direct::copy);
            figures.add("upload of blocks", "\"GB/s\": %.2f, \"of pinned\": %.3f", rate, rate / pinnedRate);
            figures.atLeast("uploads of the bandwidth of a pinned copy", rate / pinnedRate, UPLOAD_BAR);
        }
    }

    /** GB/s of blocks from memory that lies in another order than on the device. */
    private double rate(long source, Driver.Memory to, Way way) {
        long block = GpuBenchmarks.KV_HEADS * 128L * 129;
        int blocks = Math.toIntExact(to.bytes() / block);
        Uploads uploads = new Uploads();
        Driver.Event[] done = {driver.createEvent(), driver.createEvent(), driver.createEvent()};
        double micros = fastest(20, () -> {
            int batch = 0;
            for (int i = 0; i < blocks; i++) {
                int from = (int) (i * 7919L % blocks);
                uploads.add(source + from * block, new SlabPool.Place(to, this, i, block));
                if (uploads.count() == BLOCKS_AT_ONCE || i == blocks - 1) {
                    way.copy(uploads, batch, done[batch % done.length]);
                    uploads.clear();
                    batch++;
                }
            }
            for (Driver.Event each : done) {
                driver.synchronize(each);
            }
        });
        for (Driver.Event each : done) {
            driver.destroy(each);
        }
        return blocks * block / micros / 1e3;
    }
}
