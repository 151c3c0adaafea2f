package io.alisa.sparse;

import java.util.Arrays;

import io.alisa.attention.AttentionKernels;
import io.alisa.attention.AttentionShape;
import io.alisa.attention.AttentionTile;
import io.alisa.attention.GatheredRows;
import io.alisa.attention.SpanResults;
import io.alisa.cache.BlockReader;
import io.alisa.cache.Growth;
import io.alisa.cache.KvSession;
import io.alisa.device.DeviceLayer;
import io.alisa.parallel.WorkerTeam;

/** What the layers of a session share while each in turn attends sparsely. */
final class SparseScratch {
    /**
     * Blocks of a span: some hundreds of attended tokens, enough to keep a worker busy, few enough to share out. What lies
     * together in the file, so that no two workers read, or keep tokens, of the same run of a KV head.
     */
    static final int SPAN_BLOCKS = BlockReader.RUN;

    final AttentionShape shape;
    final WorkerTeam team;
    final Selection selection;
    final SpanResults results;
    final AttentionWeights weights;
    final AttentionTile[] tiles;
    final GatheredRows[] rows;
    final RecentTokens[] recent;
    final SkippedTokens[] skipped;
    /** Per worker: time of its selections in the step at hand. */
    final long[] selectNanos;
    /** Per KV head and block: the selected tokens that are attended here, where a device attends others. */
    private final long[][] here;
    private int[] all = {};
    private float[] sums = {};

    SparseScratch(KvSession session, AttentionShape shape, AttentionKernels kernels, WorkerTeam team) {
        this.shape = shape;
        this.team = team;
        session.serveReaders(team.size());
        selection = new Selection(shape.kvHeads());
        here = new long[shape.kvHeads()][0];
        results = new SpanResults(shape);
        weights = new AttentionWeights(shape);
        tiles = new AttentionTile[team.size()];
        rows = new GatheredRows[team.size()];
        recent = new RecentTokens[team.size()];
        skipped = new SkippedTokens[team.size()];
        selectNanos = new long[team.size()];
        for (int i = 0; i < team.size(); i++) {
            tiles[i] = new AttentionTile(shape, shape.groupSize());
            rows[i] = GatheredRows.of(session, kernels, i);
            recent[i] = new RecentTokens(session, kernels);
            skipped[i] = new SkippedTokens(kernels, shape);
        }
    }

    /** Takes from what is selected of each KV head what a device attends. */
    long[] withoutThose(DeviceLayer device, int kvHead, int blocks) {
        if (here[kvHead].length < blocks) {
            here[kvHead] = new long[Growth.of(here[kvHead].length, blocks)];
        }
        long[] selected = selection.bits(kvHead);
        for (int block = 0; block < blocks; block++) {
            here[kvHead][block] = device.holds(block) ? 0 : selected[block];
        }
        return here[kvHead];
    }

    /** The positions 0 to {@code position}. */
    int[] allUpTo(int position) {
        if (all.length <= position) {
            all = new int[Growth.of(all.length, position + 1)];
            Arrays.setAll(all, i -> i);
        }
        return all;
    }

    /** An array for {@code count} sums. */
    float[] weightSums(int count) {
        if (sums.length < count) {
            sums = new float[Growth.of(sums.length, count)];
        }
        return sums;
    }
}
