package io.alisa.attention;

import java.util.Arrays;

import io.alisa.cache.Growth;
import io.alisa.cache.KvFormat;
import io.alisa.cache.KvLayer;
import io.alisa.cache.KvLayout;
import io.alisa.device.DeviceLayer;
import io.alisa.parallel.Job;
import io.alisa.parallel.WorkerTeam;
import org.jspecify.annotations.Nullable;

/**
 * Attention of one new token over all cached ones (split-KV, as in FlashDecoding).
 *
 * <p>The tokens are cut into fixed spans; every KV head and span is an item that any thread may take. A second round
 * joins the spans of each KV head in order. Spans do not depend on the number of threads, so neither does a single
 * bit of the result.
 *
 * <p>Blocks that are on a device are attended there meanwhile, and what comes of it is one span more.
 *
 * <p>Owned by one session; allocates only when the context grew much.
 */
public final class DecodeAttention {
    /** Blocks of a span: 512 tokens, some 128 KB of F32 keys and values per KV head of 64. */
    static final int SPAN_BLOCKS = 8;
    /** Spans per worker from which on a worker takes all KV heads of a span. */
    private static final int SPANS_PER_WORKER = 4;
    private static final long LARGE_BYTES = 2 << 20;

    private final AttentionShape shape;
    private final AttentionKernels kernels;
    private final Int8Kernels int8Kernels;
    private final WorkerTeam team;
    /** Per worker and KV head. */
    private final AttentionTile[][] tiles;
    /** Per worker, for INT8 layers. */
    private final Int8Rows[] rows;
    private final SpanResults results;
    private final KvLayout floats;
    private final Runnable attend = this::attend;
    private final Job attendSpan = this::attendSpan;
    private final Job joinSpans = this::joinSpans;

    private KvLayer layer;
    private float[] queries = {};
    private float[] outputs = {};
    private int blocks;
    /** The spans with blocks that are attended here, and how many. */
    private int[] spans = {};
    private int spanCount;
    /** Per block: not zero where it is attended here. */
    private long[] here = {};
    /** Attends the other blocks; null where there are none. */
    private @Nullable DeviceLayer device;
    /** Spans, and the device's part. */
    private int parts;
    private int headsPerItem = 1;
    private boolean large;

    public DecodeAttention(AttentionShape shape, AttentionKernels kernels, WorkerTeam team,
            KvLayer anyLayer) {
        this.shape = shape;
        this.kernels = kernels;
        this.int8Kernels = kernels.int8();
        this.team = team;
        this.layer = anyLayer;
        this.floats = new KvLayout(KvFormat.F32, shape.kvHeads(), shape.headSize());
        this.results = new SpanResults(shape);
        anyLayer.serveReaders(team.size());
        this.rows = new Int8Rows[team.size()];
        Arrays.setAll(rows, worker -> new Int8Rows(shape.headSize()));
        this.tiles = new AttentionTile[team.size()][shape.kvHeads()];
        for (AttentionTile[] ofWorker : tiles) {
            for (int i = 0; i < ofWorker.length; i++) {
                ofWorker[i] = new AttentionTile(shape, shape.groupSize());
            }
        }
    }

    /**
     * Attends all tokens of the layer.
     *
     * @param query  scaled and rotated, see {@link AttentionShape#row}
     * @param output filled in the same order
     */
    public void run(KvLayer kv, float[] query, float[] output) {
        layer = kv;
        queries = query;
        outputs = output;
        blocks = KvLayout.blocks(kv.tokens());
        large = isLarge(kv);
        kv.read(attend);
    }

    private void attend() {
        DeviceLayer beside = layer.device();
        layer.recallWithDevice();
        device = beside != null && beside.begin(blocks - 1, queries) ? beside : null;
        if (device == null) {
            layer.recall();
        }
        listSpans(device);
        parts = device == null ? spanCount : spanCount + 1;
        results.begin(parts);
        // A block's KV heads lie one behind the other: worked on in that order they are read in one stream. With few
        // spans the heads are shared out too, and so they are where blocks must be read from a file, head by head.
        headsPerItem = spanCount >= SPANS_PER_WORKER * team.size() && layer.isAllResident() ? shape.kvHeads() : 1;
        int tokens = Math.min(layer.tokens(), spanCount * SPAN_BLOCKS * KvLayout.BLOCK_TOKENS);
        team.run(attendSpan, shape.kvHeads() / headsPerItem * spanCount,
                2L * shape.kvHeads() * shape.groupSize() * shape.headSize() * tokens);
        if (device != null && !results.keep(device, spanCount)) {
            attend(); // it failed: from now on no block is there
        } else if (parts > 1) {
            team.run(joinSpans, shape.kvHeads());
        }
    }

    /** The newest block is never on a device, so there is a span at least. */
    private void listSpans(@Nullable DeviceLayer beside) {
        int all = (blocks + SPAN_BLOCKS - 1) / SPAN_BLOCKS;
        if (spans.length < all) {
            spans = new int[Growth.of(spans.length, all)];
            here = new long[spans.length * SPAN_BLOCKS];
        }
        spanCount = 0;
        for (int span = 0; span < all; span++) {
            boolean any = false;
            for (int block = span * SPAN_BLOCKS; block < Math.min(blocks, (span + 1) * SPAN_BLOCKS); block++) {
                here[block] = beside != null && beside.holds(block) ? 0 : 1;
                any |= here[block] != 0;
            }
            if (any) {
                spans[spanCount++] = span;
            }
        }
    }

    /** Whether a layer is so large that it comes from memory: what is in a cache need not be swept in. */
    static boolean isLarge(KvLayer kv) {
        return (long) kv.tokens() / KvLayout.BLOCK_TOKENS * kv.layout().blockBytes() >= LARGE_BYTES;
    }

    private void attendSpan(int item, int worker) {
        int part = item % spanCount;
        int span = spans[part];
        int firstHead = item / spanCount * headsPerItem;
        int endHead = firstHead + headsPerItem;
        AttentionTile[] heads = tiles[worker];
        for (int head = firstHead; head < endHead; head++) {
            heads[head].begin(queries, head * shape.groupSize(), shape.groupSize());
        }
        int end = Math.min(blocks, (span + 1) * SPAN_BLOCKS);
        if (!layer.isAllResident()) {
            layer.reader(worker).open(layer, firstHead, span * SPAN_BLOCKS, end, here);
        }
        for (int block = span * SPAN_BLOCKS; block < end; block++) {
            if (here[block] == 0) {
                continue;
            }
            int tokens = Math.min(KvLayout.BLOCK_TOKENS, layer.tokens() - block * KvLayout.BLOCK_TOKENS);
            for (int head = firstHead; head < endHead; head++) {
                attendBlock(heads[head], block, head, tokens, worker);
            }
        }
        for (int head = firstHead; head < endHead; head++) {
            if (parts == 1) {
                heads[head].finish(outputs, head * shape.groupSize());
            } else {
                results.keep(heads[head], head, part);
            }
        }
    }

    private void attendBlock(AttentionTile tile, int block, int kvHead, int tokens, int worker) {
        KvLayout layout = layer.layout();
        int start = block * KvLayout.BLOCK_TOKENS;
        if (layout.format() == KvFormat.INT8 && block < blocks - 1) {
            long head = layer.head(block, kvHead, worker);
            preload(tile, head, layout.headBytes());
            rows[worker].setBlock(head, tokens);
            int8Kernels.attend(tile, rows[worker]);
        } else {
            long keys = layer.floatHead(start, kvHead);
            preload(tile, keys, floats.headBytes());
            tile.seeAll(tokens);
            kernels.attend(tile, keys, keys + floats.keyBytes(), tokens);
        }
    }

    private void preload(AttentionTile tile, long address, long bytes) {
        if (large) {
            kernels.preload(tile, address, bytes);
        }
    }

    private void joinSpans(int kvHead, int worker) {
        results.join(kvHead, outputs);
    }
}
