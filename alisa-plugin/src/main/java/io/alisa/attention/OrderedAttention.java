package io.alisa.attention;

import java.util.Arrays;

import io.alisa.cache.Growth;
import io.alisa.cache.KvLayer;
import io.alisa.cache.KvLayout;
import io.alisa.parallel.Job;
import io.alisa.parallel.WorkerTeam;

/**
 * Attention of one or more new tokens, equal to the host's to the last bit, see {@link OrderedKernels}.
 *
 * <p>All scores of a tile's rows are made first, then their softmax, then the sum of the values. A KV head and tile is
 * an item that any thread may take. A decode step has one tile per KV head.
 *
 * <p>Owned by one session; allocates only when the context grew much, after a batch, or after a {@link #rest}.
 */
public final class OrderedAttention {
    /** Rows of a tile: few enough that the scores of some thousand tokens stay in the second-level cache. */
    private static final int TILE_ROWS = 16;
    private static final float[] NONE = {};

    private final AttentionShape shape;
    private final OrderedKernels kernels;
    private final AttentionKernels memory;
    private final WorkerTeam team;
    private final SummationOrder order;
    private final float scale;
    private final int tilePositions;
    private final Job attendTile = this::attendTile;
    private final AttentionTile[] tiles;
    private final float[][] parts;
    /** Per worker; they grow with the context. */
    private final float[][] scores;
    private final double[][] doubles;

    private KvLayer layer;
    private float[] queries = NONE;
    private float[] outputs = NONE;
    private int start;
    private int positions;
    private boolean large;

    /**
     * @param order how the host sums up a score
     * @param scale factor on a score; the queries are not scaled
     */
    public OrderedAttention(AttentionShape shape, AttentionKernels kernels, WorkerTeam team, KvLayer anyLayer,
            SummationOrder order, float scale) {
        this.shape = shape;
        this.memory = kernels;
        this.kernels = kernels.ordered();
        this.team = team;
        this.layer = anyLayer;
        this.order = order;
        this.scale = scale;
        this.tilePositions = Math.max(1, TILE_ROWS / shape.groupSize());
        this.tiles = new AttentionTile[team.size()];
        this.parts = new float[team.size()][this.kernels.partsLength(order)];
        this.scores = new float[team.size()][];
        rest();
        this.doubles = new double[team.size()][KvLayout.BLOCK_TOKENS];
        for (int i = 0; i < tiles.length; i++) {
            tiles[i] = new AttentionTile(shape, tilePositions * shape.groupSize());
        }
    }

    /**
     * Attends for {@code count} positions from {@code startPosition} on, whose keys and values are in the layer.
     *
     * @param query  rotated but not scaled, see {@link AttentionShape#row}
     * @param output filled in the same order
     */
    public void run(KvLayer kv, int startPosition, int count, float[] query, float[] output) {
        if (count < positions) {
            rest(); // a decode step needs a fraction of what a prompt does
        }
        layer = kv;
        start = startPosition;
        positions = count;
        queries = query;
        outputs = output;
        large = DecodeAttention.isLarge(kv);
        int tileCount = (count + tilePositions - 1) / tilePositions;
        try {
            team.run(attendTile, shape.kvHeads() * tileCount,
                    2L * shape.kvHeads() * shape.groupSize() * shape.headSize() * count * kv.tokens());
        } finally {
            release();
        }
    }

    /** Lets go of the batch: a session may be kept for long, and a decode step takes one tile of a prompt's only. */
    private void release() {
        queries = NONE;
        outputs = NONE;
        for (AttentionTile tile : tiles) {
            tile.release();
        }
    }

    /** Gives up the scores, which are as long as the context. */
    public void rest() {
        Arrays.fill(scores, NONE);
    }

    /** Bytes on the heap that go with each token of the context in decode steps. */
    public static double heapBytesPerToken(AttentionShape shape, int workers) {
        return (double) workers * shape.groupSize() * Float.BYTES;
    }

    /** Bytes of all scores. */
    long heapBytes() {
        return Arrays.stream(scores).mapToLong(of -> (long) of.length * Float.BYTES).sum();
    }

    private void attendTile(int item, int worker) {
        // The last tiles see the most tokens: they go first, so that the threads finish together.
        int tileCount = (positions + tilePositions - 1) / tilePositions;
        int kvHead = item % shape.kvHeads();
        int first = (tileCount - 1 - item / shape.kvHeads()) * tilePositions;
        int count = Math.min(tilePositions, positions - first);
        int visible = start + first + 1;
        int blocks = KvLayout.blocks(visible + count - 1);
        AttentionTile tile = tiles[worker];
        int firstRow = shape.row(kvHead, first, 0, positions);
        tile.begin(queries, firstRow, count * shape.groupSize());
        int rowStride = blocks * KvLayout.BLOCK_TOKENS;
        float[] weights = reserve(worker, tile.rows * rowStride);
        score(tile, kvHead, blocks, weights, parts[worker]);
        clearUnseen(weights, rowStride, tile.rows, visible);
        kernels.softmax(weights, rowStride, tile.rows, visible, shape.groupSize(), shape.softCap(), doubles[worker]);
        addValues(tile, kvHead, visible + count - 1, weights, rowStride);
        System.arraycopy(tile.output, 0, outputs, firstRow * shape.rowStride(), tile.rows * shape.rowStride());
    }

    private float[] reserve(int worker, int length) {
        if (length > scores[worker].length) {
            scores[worker] = new float[Growth.of(scores[worker].length, length)];
        }
        return scores[worker];
    }

    private void score(AttentionTile tile, int kvHead, int blocks, float[] weights, float[] scratch) {
        KvLayout layout = layer.layout();
        for (int block = 0; block < blocks; block++) {
            long keys = layout.headAddress(layer.block(block), kvHead);
            if (large) {
                memory.preload(tile, keys, layout.keyBytes());
            }
            kernels.score(tile, keys, order, scale, scratch, weights, block * KvLayout.BLOCK_TOKENS,
                    blocks * KvLayout.BLOCK_TOKENS);
        }
    }

    /** Rows of earlier positions end a block or more before the tile's last: what follows them is not theirs. */
    private void clearUnseen(float[] weights, int rowStride, int rows, int visible) {
        for (int r = 0; r < rows; r++) {
            int seen = visible + r / shape.groupSize();
            Arrays.fill(weights, r * rowStride + ScalarOrderedKernels.roundUp(seen), (r + 1) * rowStride, 0f);
        }
    }

    private void addValues(AttentionTile tile, int kvHead, int tokens, float[] weights, int rowStride) {
        KvLayout layout = layer.layout();
        for (int from = 0; from < tokens; from += KvLayout.BLOCK_TOKENS) {
            long values = layout.headAddress(layer.block(from / KvLayout.BLOCK_TOKENS), kvHead) + layout.keyBytes();
            if (large) {
                memory.preload(tile, values, layout.headBytes() - layout.keyBytes());
            }
            for (int r = 0; r < tile.rows; r++) {
                System.arraycopy(weights, r * rowStride + from, tile.scores, r * KvLayout.BLOCK_TOKENS,
                        KvLayout.BLOCK_TOKENS);
            }
            kernels.addValues(tile, values, Math.min(KvLayout.BLOCK_TOKENS, tokens - from));
        }
    }
}
