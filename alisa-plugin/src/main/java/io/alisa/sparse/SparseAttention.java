package io.alisa.sparse;

import java.util.Arrays;
import java.util.concurrent.atomic.AtomicIntegerArray;

import io.alisa.attention.AttentionShape;
import io.alisa.attention.AttentionTile;
import io.alisa.attention.GatheredRows;
import io.alisa.attention.SpanResults;
import io.alisa.cache.KvLayer;
import io.alisa.cache.KvLayout;
import io.alisa.device.DeviceLayer;
import io.alisa.device.TokenChoice;
import io.alisa.parallel.Job;
import io.alisa.parallel.WorkerTeam;
import org.jspecify.annotations.Nullable;

/**
 * Attention of one new token over the tokens its policy selects, and over an estimate of the skipped ones where the
 * policy wants that.
 *
 * <p>The blocks are cut into spans of fixed length, and the newest and the skipped tokens are one more: results do not
 * depend on the number of threads.
 *
 * <p>A step is one job of the team, for every job costs a wake-up: first the KV heads' selections, then their spans. The
 * team takes items in their order, so whatever a span has to wait for is being worked on. Who completes the last span of
 * a KV head joins them.
 *
 * <p>Where all sealed blocks are on a device that can tell what the policy wants, it selects and attends them while the
 * team attends the newest block. Where only some are there, all is selected here first, and the device attends what is
 * selected of them while the team does the rest. Either way what comes of it is one span more.
 *
 * <p>Owned by one layer of one session; scratch memory is shared by all its layers. Allocates only when the context grew
 * much.
 */
public final class SparseAttention {
    private static final int UNSELECTED = -1;

    private final TokenSelector selector;
    private final SparseScratch scratch;
    private final AttentionShape shape;
    private final WorkerTeam team;
    private final AttendedSet[] attended;
    private final int[] recalled;
    /** Per KV head: spans that are left to attend, {@link #UNSELECTED} before its selection is complete. */
    private final AtomicIntegerArray spansLeft;
    private final Job step = this::step;
    private final Job selectHead = this::select;
    private final Job attendSelected = this::attendSelected;
    private final Job joinHead = this::join;
    private final Job attendNewest = this::attendNewest;
    private final Runnable attend = this::attend;
    /** Per KV head: what is attended here of the blocks before the newest. */
    private final long[][] here;

    private KvLayer layer;
    private float[] queries = {};
    private float[] outputs = {};
    private int spans;
    private boolean isSelected;
    /** Attends the other blocks; null where there are none. */
    private @Nullable DeviceLayer device;
    /** Blocks before the newest. */
    private int sealedBlocks;
    private long selectNanos;
    private long attendNanos;

    SparseAttention(KvLayer layer, TokenSelector selector, SparseScratch scratch) {
        this.layer = layer;
        this.selector = selector;
        this.scratch = scratch;
        this.shape = scratch.shape;
        this.team = scratch.team;
        this.attended = new AttendedSet[shape.kvHeads()];
        Arrays.setAll(attended, head -> new AttendedSet());
        this.recalled = new int[shape.kvHeads()];
        this.here = new long[shape.kvHeads()][];
        this.spansLeft = new AtomicIntegerArray(shape.kvHeads());
    }

    /**
     * Attends what the policy selects of the layer's tokens, the newest of which asks.
     *
     * @param query  scaled and rotated, see {@link AttentionShape#row}
     * @param output filled in the same order
     */
    public void run(KvLayer kv, float[] query, float[] output) {
        layer = kv;
        queries = query;
        outputs = output;
        Selection selection = scratch.selection;
        long begun = System.nanoTime();
        selection.begin(kv.tokens());
        selection.pin(kv.pinned(), kv.tokens());
        selector.begin(kv.tokens() - 1);
        selector.select(kv, query, selection);
        sealedBlocks = (kv.tokens() - 1) / KvLayout.BLOCK_TOKENS;
        spans = (sealedBlocks + SparseScratch.SPAN_BLOCKS - 1) / SparseScratch.SPAN_BLOCKS + 1;
        Arrays.fill(scratch.selectNanos, 0);
        isSelected = false;
        long prepared = System.nanoTime();
        if (!attendOnDevice(kv)) {
            if (!kv.isComplete() || holdsAny(kv.device())) {
                team.run(selectHead, shape.kvHeads());
                isSelected = true;
            }
            kv.read(attend);
        }
        for (int head = 0; head < shape.kvHeads(); head++) {
            account(head);
        }
        long ended = System.nanoTime();
        selectNanos = prepared - begun + perThread(scratch.selectNanos);
        attendNanos = ended - begun - selectNanos;
        if (!kv.isAllResident()) {
            noteUse(kv);
        }
        if (selector.observes()) {
            for (int head = 0; head < shape.kvHeads(); head++) {
                observe(kv.tokens() - 1, head, query, head * shape.groupSize(), selection.positions(head),
                        selection.count(head));
            }
        }
    }

    /**
     * Has a device do all but the newest block. Returns false where it can't, failed, or lost the scores beside an estimate:
     * nothing is attended then.
     */
    private boolean attendOnDevice(KvLayer kv) {
        DeviceLayer beside = kv.device();
        TokenChoice choice = beside == null ? null : selector.choice();
        if (beside == null || choice == null || !beside.begin(sealedBlocks, queries, choice)) {
            return false;
        }
        scratch.results.begin(2);
        team.run(attendNewest, shape.kvHeads());
        if (!scratch.results.keep(beside, 1) || !scratch.results.isDeviceExact()
                || !beside.selected(scratch.selection.bits())) {
            return false;
        }
        scratch.selection.takeBits();
        team.run(joinHead, shape.kvHeads());
        return true;
    }

    private void attendNewest(int kvHead, int worker) {
        AttentionTile tile = scratch.tiles[worker];
        tile.begin(queries, kvHead * shape.groupSize(), shape.groupSize());
        int newest = layer.tokens() - sealedBlocks * KvLayout.BLOCK_TOKENS;
        scratch.recent[worker].attend(tile, layer, kvHead, -1L >>> -newest);
        scratch.results.keep(tile, kvHead, 0);
    }

    private static boolean holdsAny(@Nullable DeviceLayer device) {
        return device != null && device.holdsAny();
    }

    /** May be run again when a block turned out to be damaged: the selection stays as it is then. */
    private void attend() {
        DeviceLayer beside = isSelected ? layer.device() : null;
        device = beside != null && beside.begin(sealedBlocks, queries, scratch.selection.bits()) ? beside : null;
        int parts = device == null ? spans : spans + 1;
        scratch.results.begin(parts);
        for (int head = 0; head < shape.kvHeads(); head++) {
            spansLeft.set(head, isSelected ? parts : UNSELECTED);
            here[head] = device == null
                    ? scratch.selection.bits(head)
                    : scratch.withoutThose(device, head, sealedBlocks);
            if (isSelected) {
                if (selector.observes()) {
                    layer.recall(scratch.selection.bits(head));
                } else {
                    layer.recall(head, here[head]);
                }
            }
        }
        if (device != null) {
            team.run(attendSelected, spans * shape.kvHeads());
            if (scratch.results.keep(device, spans)) {
                team.run(joinHead, shape.kvHeads());
            } else {
                attend(); // it failed: from now on no block is there
            }
        } else if (isSelected) {
            team.run(attendSelected, spans * shape.kvHeads());
        } else {
            isSelected = true; // selections are the first items of a job: they are done whatever happens to the others
            team.run(step, (1 + spans) * shape.kvHeads());
        }
    }

    private void noteUse(KvLayer kv) {
        kv.noteSelected(scratch.selection.bits());
        for (int block = 0; block < sealedBlocks; block++) {
            int tokens = 0;
            for (int head = 0; head < shape.kvHeads(); head++) {
                tokens += Long.bitCount(scratch.selection.bits(head)[block]);
            }
            kv.noteUse(block, tokens / (float) (KvLayout.BLOCK_TOKENS * shape.kvHeads()));
        }
    }

    /** The mean of those that are not zero. */
    private static long perThread(long[] nanos) {
        long sum = 0;
        int threads = 0;
        for (long spent : nanos) {
            sum += spent;
            threads += spent > 0 ? 1 : 0;
        }
        return sum / Math.max(1, threads);
    }

    private void step(int item, int worker) {
        if (item < shape.kvHeads()) {
            select(item, worker);
        } else {
            attendSelected(item - shape.kvHeads(), worker);
        }
    }

    private void attendSelected(int item, int worker) {
        attend(item / spans, item % spans, worker);
    }

    private void select(int kvHead, int worker) {
        long begun = System.nanoTime();
        try {
            selector.selectHead(kvHead, worker);
        } finally { // also where it fails: nobody must wait for ever
            spansLeft.set(kvHead, spans);
        }
        scratch.selectNanos[worker] += System.nanoTime() - begun;
    }

    private void attend(int kvHead, int span, int worker) {
        while (spansLeft.get(kvHead) == UNSELECTED) {
            Thread.onSpinWait();
        }
        attendSpan(kvHead, span, worker);
        if (spansLeft.decrementAndGet(kvHead) == 0) {
            join(kvHead, worker);
        }
    }

    private void join(int kvHead, int worker) {
        scratch.results.join(kvHead, outputs);
    }

    private void attendSpan(int kvHead, int span, int worker) {
        AttentionTile tile = scratch.tiles[worker];
        tile.begin(queries, kvHead * shape.groupSize(), shape.groupSize());
        if (span == spans - 1) {
            SkippedMass mass = selector.skipped();
            if (mass != null) {
                scratch.skipped[worker].add(tile, layer, kvHead, mass, scratch.selection.bits(kvHead));
            }
            scratch.recent[worker].attend(tile, layer, kvHead, scratch.selection.bits(kvHead)[sealedBlocks]);
        } else {
            attendSelected(tile, kvHead, span, worker);
        }
        scratch.results.keep(tile, kvHead, span);
    }

    private void attendSelected(AttentionTile tile, int kvHead, int span, int worker) {
        GatheredRows rows = scratch.rows[worker];
        long[] selected = here[kvHead];
        int end = Math.min(sealedBlocks, (span + 1) * SparseScratch.SPAN_BLOCKS);
        rows.clear();
        if (!layer.isAllResident()) {
            layer.reader(worker).openSelected(layer, kvHead, span * SparseScratch.SPAN_BLOCKS, end, selected);
        }
        for (int block = span * SparseScratch.SPAN_BLOCKS; block < end; block++) {
            if (selected[block] != 0) {
                rows.touchScales(layer, kvHead, block, tile);
            }
        }
        for (int block = span * SparseScratch.SPAN_BLOCKS; block < end; block++) {
            long left = selected[block];
            while (left != 0) {
                left = rows.add(layer, kvHead, block, left);
                if (rows.isFull()) {
                    rows.attend(tile);
                    rows.clear();
                }
            }
        }
        if (rows.count() > 0) {
            rows.attend(tile);
        }
        for (int block = span * SparseScratch.SPAN_BLOCKS; block < end && !layer.isAllResident(); block++) {
            if (selected[block] != 0) {
                rows.keepHot(layer, kvHead, block, selected[block]);
            }
        }
    }

    private void account(int kvHead) {
        recalled[kvHead] = attended[kvHead].update(scratch.selection.bits(kvHead), layer.tokens());
    }

    /** Lets the policy see a dense step. */
    public void observeDense(KvLayer kv, float[] query) {
        forgetAttended();
        selector.begin(kv.tokens() - 1);
        if (selector.observes()) {
            observeAll(kv, kv.tokens() - 1, query, 0, 1);
        }
    }

    /** Lets the policy see the last rows of a batch of {@code batch} positions from {@code start} on. */
    public void observePrompt(KvLayer kv, int start, int batch, float[] query) {
        forgetAttended();
        selector.begin(start);
        for (int position = Math.max(0, batch - selector.observedPromptRows()); position < batch; position++) {
            observeAll(kv, start + position, query, position, batch);
        }
    }

    /** All tokens were attended: the next step recalls none. */
    private void forgetAttended() {
        for (AttendedSet set : attended) {
            set.forget();
        }
    }

    private void observeAll(KvLayer kv, int position, float[] query, int positionInBatch, int batch) {
        int[] all = scratch.allUpTo(position);
        kv.recall();
        for (int head = 0; head < shape.kvHeads(); head++) {
            layer = kv;
            observe(position, head, query, shape.row(head, positionInBatch, 0, batch), all, position + 1);
        }
    }

    private void observe(int position, int kvHead, float[] query, int firstRow, int[] tokens, int count) {
        float[] sums = scratch.weightSums(count);
        scratch.weights.compute(layer, kvHead, query, firstRow, tokens, count);
        scratch.weights.sumTo(sums, count);
        selector.observe(position, kvHead, tokens, count, sums);
    }

    TokenSelector selector() {
        return selector;
    }

    /** Tokens recalled in the last step, summed over the KV heads. */
    public int recalled() {
        int sum = 0;
        for (int count : recalled) {
            sum += count;
        }
        return sum;
    }

    /** Time of the last step's selection, in nanoseconds: of the threads that selected, the mean. */
    public long selectNanos() {
        return selectNanos;
    }

    /** What else the last step took, in nanoseconds: attention over what was selected, and over the estimate. */
    public long attendNanos() {
        return attendNanos;
    }
}
