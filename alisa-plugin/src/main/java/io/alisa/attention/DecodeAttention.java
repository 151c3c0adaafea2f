package io.alisa.attention;

import java.util.Arrays;

import io.alisa.cache.KvFormat;
import io.alisa.cache.KvLayer;
import io.alisa.cache.KvLayout;
import io.alisa.parallel.Job;
import io.alisa.parallel.WorkerTeam;

/**
 * Attention of one new token over all cached ones (split-KV, as in FlashDecoding).
 *
 * <p>The tokens are cut into fixed spans; every KV head and span is an item that any thread may take. A second round
 * joins the spans of each KV head in order. Spans do not depend on the number of threads, so neither does a single
 * bit of the result.
 *
 * <p>Owned by one session; allocates only when the context has doubled.
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
    private int spans;
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
        spans = (blocks + SPAN_BLOCKS - 1) / SPAN_BLOCKS;
        large = isLarge(kv);
        kv.recall();
        kv.read(attend);
    }

    private void attend() {
        results.begin(spans);
        // A block's KV heads lie one behind the other: worked on in that order they are read in one stream. With few
        // spans the heads are shared out too, and so they are where blocks must be read from a file, head by head.
        headsPerItem = spans >= SPANS_PER_WORKER * team.size() && layer.isAllResident() ? shape.kvHeads() : 1;
        team.run(attendSpan, shape.kvHeads() / headsPerItem * spans,
                2L * shape.kvHeads() * shape.groupSize() * shape.headSize() * layer.tokens());
        if (spans > 1) {
            team.run(joinSpans, shape.kvHeads());
        }
    }

    /** Whether a layer is so large that it comes from memory: what is in a cache need not be swept in. */
    static boolean isLarge(KvLayer kv) {
        return (long) kv.tokens() / KvLayout.BLOCK_TOKENS * kv.layout().blockBytes() >= LARGE_BYTES;
    }

    private void attendSpan(int item, int worker) {
        int span = item % spans;
        int firstHead = item / spans * headsPerItem;
        int endHead = firstHead + headsPerItem;
        AttentionTile[] heads = tiles[worker];
        for (int head = firstHead; head < endHead; head++) {
            heads[head].begin(queries, head * shape.groupSize(), shape.groupSize());
        }
        int end = Math.min(blocks, (span + 1) * SPAN_BLOCKS);
        if (!layer.isAllResident()) {
            layer.reader(worker).open(layer, firstHead, span * SPAN_BLOCKS, end);
        }
        for (int block = span * SPAN_BLOCKS; block < end; block++) {
            int tokens = Math.min(KvLayout.BLOCK_TOKENS, layer.tokens() - block * KvLayout.BLOCK_TOKENS);
            for (int head = firstHead; head < endHead; head++) {
                attendBlock(heads[head], block, head, tokens, worker);
            }
        }
        for (int head = firstHead; head < endHead; head++) {
            if (spans == 1) {
                heads[head].finish(outputs, head * shape.groupSize());
            } else {
                results.keep(heads[head], head, span);
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
