package io.alisa.attention;

import io.alisa.cache.KvFormat;
import io.alisa.cache.KvLayer;
import io.alisa.cache.KvLayout;
import io.alisa.cache.KvSession;
import io.alisa.parallel.Job;
import io.alisa.parallel.WorkerTeam;

/**
 * Causal attention of a batch of new tokens over all cached ones and over each other (tiled, as in FlashAttention).
 *
 * <p>A tile is a run of positions times the query heads of one group. Every KV head and tile is an item that any
 * thread may take; a tile goes over all blocks it sees, while a block's keys and values stay in the cache.
 */
public final class PrefillAttention {
    /** Rows of a tile: its scores and outputs stay in the second-level cache beside a block. */
    private static final int TILE_ROWS = 128;

    private final AttentionShape shape;
    private final AttentionKernels kernels;
    private final WorkerTeam team;
    private final AttentionTile[] tiles;
    private final Job attendTile = this::attendTile;
    private final int tilePositions;
    /** Per worker, for INT8 layers: a block's rows, and the address of a KV head of an F32 block. */
    private final Int8Rows[] rows;
    private final long[] floatBlocks;
    private final KvLayout floats;

    private KvLayer layer;
    private float[] queries = {};
    private float[] outputs = {};
    private int start;
    private int positions;

    public PrefillAttention(AttentionShape shape, AttentionKernels kernels, WorkerTeam team,
            KvSession session) {
        this.shape = shape;
        this.kernels = kernels;
        this.team = team;
        this.layer = session.layer(0);
        this.floats = new KvLayout(KvFormat.F32, 1, shape.headSize());
        boolean int8 = session.layout().format() == KvFormat.INT8;
        this.rows = new Int8Rows[int8 ? team.size() : 0];
        this.floatBlocks = new long[rows.length];
        for (int i = 0; i < rows.length; i++) {
            rows[i] = new Int8Rows(shape.headSize());
            floatBlocks[i] = session.scratch(floats.headBytes());
        }
        this.tilePositions = Math.max(1, TILE_ROWS / shape.groupSize());
        this.tiles = new AttentionTile[team.size()];
        for (int i = 0; i < tiles.length; i++) {
            tiles[i] = new AttentionTile(shape, tilePositions * shape.groupSize());
        }
    }

    /**
     * Attends for {@code count} positions from {@code startPosition} on, whose keys and values are in the layer.
     *
     * @param query  scaled and rotated, see {@link AttentionShape#row}
     * @param output filled in the same order
     */
    public void run(KvLayer kv, int startPosition, int count, float[] query, float[] output) {
        layer = kv;
        start = startPosition;
        positions = count;
        queries = query;
        outputs = output;
        team.run(attendTile, shape.kvHeads() * tilesOf(count));
    }

    private int tilesOf(int count) {
        return (count + tilePositions - 1) / tilePositions;
    }

    private void attendTile(int item, int worker) {
        // The last tiles see the most tokens: they go first, so that the threads finish together.
        int tileCount = tilesOf(positions);
        int kvHead = item % shape.kvHeads();
        int first = (tileCount - 1 - item / shape.kvHeads()) * tilePositions;
        int count = Math.min(tilePositions, positions - first);
        AttentionTile tile = tiles[worker];
        int firstRow = shape.row(kvHead, first, 0, positions);
        tile.begin(queries, firstRow, count * shape.groupSize());
        int lastPosition = start + first + count - 1;
        for (int block = 0; block <= lastPosition / KvLayout.BLOCK_TOKENS; block++) {
            int blockStart = block * KvLayout.BLOCK_TOKENS;
            see(tile, start + first - blockStart);
            int tokens = Math.min(KvLayout.BLOCK_TOKENS, lastPosition - blockStart + 1);
            long keys = floatBlock(blockStart, kvHead, tokens, worker);
            kernels.attend(tile, keys, keys + floats.keyBytes(), tokens);
        }
        tile.finish(outputs, firstRow);
    }

    /** A KV head of a block in floats: turned back into them for each tile, which has work for far longer than that. */
    private long floatBlock(int blockStart, int kvHead, int tokens, int worker) {
        long head = layer.head(blockStart, kvHead);
        if (layer.layout().format() == KvFormat.F32) {
            return head;
        }
        long block = floatBlocks[worker];
        rows[worker].setBlock(head, tokens);
        kernels.int8().dequantise(rows[worker], shape.headSize(), block, block + floats.keyBytes());
        return block;
    }

    /** Causality: a position sees itself and what came before, counted from the block's first token. */
    private void see(AttentionTile tile, int firstPositionInBlock) {
        if (firstPositionInBlock >= KvLayout.BLOCK_TOKENS - 1) {
            tile.seeAll(KvLayout.BLOCK_TOKENS);
            return;
        }
        for (int r = 0; r < tile.rows; r++) {
            int position = firstPositionInBlock + r / shape.groupSize();
            tile.visible[r] = Math.clamp(position + 1, 0, KvLayout.BLOCK_TOKENS);
        }
    }
}
