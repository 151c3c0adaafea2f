package io.alisa.attention;

import io.alisa.cache.BlockReader;
import io.alisa.cache.Growth;
import io.alisa.cache.KvFormat;
import io.alisa.cache.KvLayer;
import io.alisa.cache.KvLayout;
import io.alisa.cache.KvSession;
import io.alisa.device.DeviceLayer;
import io.alisa.parallel.Job;
import io.alisa.parallel.WorkerTeam;
import org.jspecify.annotations.Nullable;

/**
 * Causal attention of a batch of new tokens over all cached ones and over each other (tiled, as in FlashAttention).
 *
 * <p>A tile is a run of positions times the query heads of one group. Every KV head and tile is an item that any
 * thread may take; a tile goes over all blocks it sees, while a block's keys and values stay in the cache. Blocks that
 * are on a device are attended there meanwhile.
 *
 * <p>The blocks are summed up in the spans of {@link DecodeAttention} and these joined in its order: in float layers a
 * position's output does not depend on the batch that it comes in, not even in its last bit.
 */
public final class PrefillAttention {
    /** Rows of a tile: its scores and outputs stay in the second-level cache beside a block. */
    private static final int TILE_ROWS = 128;
    private static final float[] NONE = {};

    private final AttentionShape shape;
    private final AttentionKernels kernels;
    private final Int8Kernels int8Kernels;
    private final WorkerTeam team;
    private final AttentionTile[] tiles;
    /** Per worker. */
    private final JoinedSpans[] spans;
    private final Job attendTile = this::attendTile;
    private final Job joinHead = this::joinHead;
    private final BatchResults results;
    private final int tilePositions;
    /** Per worker, for INT8 layers: a block's rows, and the address of a KV head of an F32 block. */
    private final Int8Rows[] rows;
    private final long[] floatBlocks;
    private final KvLayout floats;

    private KvLayer layer;
    private float[] queries = NONE;
    private float[] outputs = NONE;
    private int start;
    private int positions;
    private int firstBlock;
    private int newBlocks;
    /** Attends blocks before the first; null where none of them is there. */
    private @Nullable DeviceLayer device;
    /** Per block: not zero where it is attended here. */
    private long[] here = {};

    public PrefillAttention(AttentionShape shape, AttentionKernels kernels, WorkerTeam team,
            KvSession session) {
        this.shape = shape;
        this.kernels = kernels;
        this.int8Kernels = kernels.int8();
        this.team = team;
        this.layer = session.layer(0);
        session.serveReaders(team.size());
        this.results = new BatchResults(shape);
        this.floats = new KvLayout(KvFormat.F32, 1, shape.headSize());
        boolean int8 = session.layout().format() == KvFormat.INT8;
        this.rows = new Int8Rows[int8 ? team.size() : 0];
        this.floatBlocks = new long[rows.length];
        for (int i = 0; i < rows.length; i++) {
            rows[i] = new Int8Rows(shape.headSize());
        }
        this.tilePositions = Math.clamp(TILE_ROWS / shape.groupSize(), 1, KvLayout.BLOCK_TOKENS);
        this.tiles = new AttentionTile[team.size()];
        this.spans = new JoinedSpans[team.size()];
        for (int i = 0; i < tiles.length; i++) {
            tiles[i] = new AttentionTile(shape, tilePositions * shape.groupSize());
            spans[i] = new JoinedSpans(shape, tilePositions * shape.groupSize());
        }
        if (int8) { // last and at once: it stays until the session closes, and who fails here is made again
            long blocks = session.scratch(rows.length * floats.headBytes());
            for (int i = 0; i < rows.length; i++) {
                floatBlocks[i] = blocks + i * floats.headBytes();
            }
        }
    }

    /**
     * Attends for {@code count} positions from {@code startPosition} on, whose keys and values are in the layer.
     *
     * @param query  scaled and rotated, see {@link AttentionShape#row}
     * @param output filled in the same order
     */
    public void run(KvLayer kv, int startPosition, int count, float[] query, float[] output) {
        try {
            kv.read(() -> attend(kv, startPosition, count, query, output)); // recomputing runs through here too
        } finally {
            release();
        }
    }

    /** Lets go of the batch: a session may be kept for long, and rarely reads another prompt. */
    private void release() {
        queries = NONE;
        outputs = NONE;
        for (AttentionTile tile : tiles) {
            tile.release();
        }
    }

    private void attend(KvLayer kv, int startPosition, int count, float[] query, float[] output) {
        kv.recallWithDevice(); // runs through here, too: before anything is kept in fields
        int before = startPosition / KvLayout.BLOCK_TOKENS;
        DeviceLayer beside = kv.device();
        DeviceLayer asked = beside != null && beside.beginBatch(before, query, count) ? beside : null;
        if (asked == null) {
            kv.recall();
        }
        device = asked;
        layer = kv;
        start = startPosition;
        positions = count;
        queries = query;
        outputs = output;
        firstBlock = before;
        newBlocks = (start + count - 1) / KvLayout.BLOCK_TOKENS - firstBlock + 1;
        listBlocks(device);
        if (device != null) {
            results.begin(shape.kvHeads() * count * shape.groupSize());
        }
        team.run(attendTile, shape.kvHeads() * newBlocks * tilesPerBlock());
        if (device == null) {
            return;
        }
        if (results.finish(device)) {
            team.run(joinHead, shape.kvHeads());
        } else {
            attend(kv, startPosition, count, query, output); // it failed: from now on no block is there
        }
    }

    private void listBlocks(@Nullable DeviceLayer beside) {
        int blocks = firstBlock + newBlocks;
        if (here.length < blocks) {
            here = new long[Growth.of(here.length, blocks)];
        }
        for (int block = 0; block < blocks; block++) {
            here[block] = beside != null && beside.holds(block) ? 0 : 1;
        }
    }

    private void joinHead(int kvHead, int worker) {
        int rows = positions * shape.groupSize();
        results.join(kvHead * rows, (kvHead + 1) * rows, outputs);
    }

    private int tilesPerBlock() {
        return (KvLayout.BLOCK_TOKENS + tilePositions - 1) / tilePositions;
    }

    /** A tile lies within one block: all its rows see the same blocks. */
    private void attendTile(int item, int worker) {
        // The last tiles see the most tokens: they go first, so that the threads finish together.
        int kvHead = item % shape.kvHeads();
        int index = newBlocks * tilesPerBlock() - 1 - item / shape.kvHeads();
        int ownBlock = firstBlock + index / tilesPerBlock();
        int ownStart = ownBlock * KvLayout.BLOCK_TOKENS;
        int first = Math.max(start, ownStart + index % tilesPerBlock() * tilePositions);
        int end = Math.min(Math.min(start + positions, ownStart + KvLayout.BLOCK_TOKENS),
                ownStart + (index % tilesPerBlock() + 1) * tilePositions);
        if (first >= end) {
            return;
        }
        AttentionTile tile = tiles[worker];
        int firstRow = shape.row(kvHead, first - start, 0, positions);
        tile.begin(queries, firstRow, (end - first) * shape.groupSize());
        tile.seeAll(KvLayout.BLOCK_TOKENS);
        JoinedSpans joined = spans[worker];
        joined.begin(0, tile.rows);
        for (int block = 0; block < ownBlock; block++) {
            beginBlock(block, tile, joined);
            if (!layer.isAllResident() && block % BlockReader.RUN == 0) {
                layer.reader(worker).open(layer, kvHead, block, Math.min(ownBlock, block + BlockReader.RUN), here);
            }
            if (here[block] == 0) {
                continue;
            }
            long keys = floatBlock(block, kvHead, worker);
            kernels.attend(tile, keys, keys + floats.keyBytes(), KvLayout.BLOCK_TOKENS);
        }
        beginBlock(ownBlock, tile, joined);
        for (int r = 0; r < tile.rows; r++) { // causality: a position sees itself and what came before
            tile.visible[r] = first - ownStart + r / shape.groupSize() + 1;
        }
        long keys = layer.floatHead(ownStart, kvHead);
        kernels.attend(tile, keys, keys + floats.keyBytes(), end - ownStart);
        joined.giveTo(tile);
        if (device == null) {
            tile.finish(outputs, firstRow);
        } else {
            results.keep(tile, firstRow, outputs);
        }
    }

    private static void beginBlock(int block, AttentionTile tile, JoinedSpans joined) {
        if (block % DecodeAttention.SPAN_BLOCKS == 0) {
            joined.take(tile);
        }
    }

    /** A KV head of a block in floats: turned back into them for each tile, which has work for far longer than that. */
    private long floatBlock(int index, int kvHead, int worker) {
        long head = layer.head(index, kvHead, worker);
        if (layer.layout().format() == KvFormat.F32) {
            return head;
        }
        long block = floatBlocks[worker];
        rows[worker].setBlock(head, KvLayout.BLOCK_TOKENS);
        int8Kernels.dequantise(rows[worker], shape.headSize(), block, block + floats.keyBytes());
        return block;
    }
}
