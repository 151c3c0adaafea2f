package io.alisa.attention;

import java.util.Arrays;

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
    private final WorkerTeam team;
    /** Per worker and KV head. */
    private final AttentionTile[][] tiles;
    private final Job attendSpan = this::attendSpan;
    private final Job joinSpans = this::joinSpans;

    private KvLayer layer;
    private float[] queries = {};
    private float[] outputs = {};
    private int blocks;
    private int spans;
    private int headsPerItem = 1;
    private boolean large;

    /** Per query head and span: the running softmax of {@link AttentionTile}. */
    private float[] spanMax = {};
    private float[] spanSum = {};
    private float[] spanOutput = {};

    public DecodeAttention(AttentionShape shape, AttentionKernels kernels, WorkerTeam team,
            KvLayer anyLayer) {
        this.shape = shape;
        this.kernels = kernels;
        this.team = team;
        this.layer = anyLayer;
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
        reserve(shape.kvHeads() * shape.groupSize() * spans);
        // A block's KV heads lie one behind the other: worked on in that order they are read in one stream. With few
        // spans the heads are shared out too.
        headsPerItem = spans >= SPANS_PER_WORKER * team.size() ? shape.kvHeads() : 1;
        team.run(attendSpan, shape.kvHeads() / headsPerItem * spans,
                2L * shape.kvHeads() * shape.groupSize() * shape.headSize() * kv.tokens());
        if (spans > 1) {
            team.run(joinSpans, shape.kvHeads());
        }
    }

    /** Whether a layer is so large that it comes from memory: what is in a cache need not be swept in. */
    static boolean isLarge(KvLayer kv) {
        return (long) kv.tokens() / KvLayout.BLOCK_TOKENS * kv.layout().blockBytes() >= LARGE_BYTES;
    }

    private void reserve(int parts) {
        if (parts > spanMax.length) {
            int capacity = Math.max(parts, 2 * spanMax.length);
            spanMax = new float[capacity];
            spanSum = new float[capacity];
            spanOutput = new float[capacity * shape.rowStride()];
        }
    }

    private void attendSpan(int item, int worker) {
        int span = item % spans;
        int firstHead = item / spans * headsPerItem;
        int endHead = firstHead + headsPerItem;
        AttentionTile[] heads = tiles[worker];
        for (int head = firstHead; head < endHead; head++) {
            heads[head].begin(queries, head * shape.groupSize(), shape.groupSize());
        }
        KvLayout layout = layer.layout();
        int end = Math.min(blocks, (span + 1) * SPAN_BLOCKS);
        for (int block = span * SPAN_BLOCKS; block < end; block++) {
            int tokens = Math.min(KvLayout.BLOCK_TOKENS, layer.tokens() - block * KvLayout.BLOCK_TOKENS);
            for (int head = firstHead; head < endHead; head++) {
                attendBlock(heads[head], layout.headAddress(layer.block(block), head), layout, tokens);
            }
        }
        for (int head = firstHead; head < endHead; head++) {
            if (spans == 1) {
                heads[head].finish(outputs, head * shape.groupSize());
            } else {
                keep(heads[head], head * shape.groupSize(), span);
            }
        }
    }

    private void attendBlock(AttentionTile tile, long keys, KvLayout layout, int tokens) {
        tile.seeAll(tokens);
        if (large) {
            kernels.preload(tile, keys, layout.headBytes());
        }
        kernels.attend(tile, keys, keys + layout.keyBytes(), tokens);
    }

    private void keep(AttentionTile tile, int firstRow, int span) {
        int stride = shape.rowStride();
        for (int r = 0; r < tile.rows; r++) {
            int part = (firstRow + r) * spans + span;
            spanMax[part] = tile.max[r];
            spanSum[part] = tile.sum(r);
            System.arraycopy(tile.output, r * stride, spanOutput, part * stride, stride);
        }
    }

    private void joinSpans(int kvHead, int worker) {
        int stride = shape.rowStride();
        for (int row = kvHead * shape.groupSize(); row < (kvHead + 1) * shape.groupSize(); row++) {
            int first = row * spans;
            float max = Float.NEGATIVE_INFINITY;
            for (int part = first; part < first + spans; part++) {
                max = Math.max(max, spanMax[part]);
            }
            float sum = 0;
            int to = row * stride;
            Arrays.fill(outputs, to, to + stride, 0f);
            for (int part = first; part < first + spans; part++) {
                float weight = (float) Math.exp(spanMax[part] - max);
                sum += weight * spanSum[part];
                int from = part * stride;
                for (int i = 0; i < stride; i++) {
                    outputs[to + i] += weight * spanOutput[from + i];
                }
            }
            float scale = 1f / sum;
            for (int i = 0; i < stride; i++) {
                outputs[to + i] *= scale;
            }
        }
    }
}
