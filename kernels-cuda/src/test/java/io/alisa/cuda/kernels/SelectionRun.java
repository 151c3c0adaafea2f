package io.alisa.cuda.kernels;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;

import io.alisa.attention.AttentionKernels;
import io.alisa.attention.AttentionShape;
import io.alisa.attention.AttentionTile;
import io.alisa.attention.Int8Kernels;
import io.alisa.attention.Int8Rows;
import io.alisa.attention.QuerySketch;
import io.alisa.attention.ScalarKernels;
import io.alisa.attention.SelectionKernels;
import io.alisa.cache.KvFormat;
import io.alisa.cache.KvLayout;
import io.alisa.cache.ScaleCode;
import io.alisa.cache.SketchLayout;
import io.alisa.cuda.emulation.EmulatedKernels;
import io.alisa.memory.OffHeap;

/** A layer with digests, the launches that select tokens of it, and the same by the plugin's reference. */
final class SelectionRun {
    static final int TOKENS = KvLayout.BLOCK_TOKENS;
    private static final int ESTIMATE_BLOCKS = 32;
    private static final int SELECT_BLOCKS = 32;
    private static final int BINS = 4096;
    private static final float POISON = 7e33f;
    private static final AttentionKernels SCALAR = new ScalarKernels();

    final Arena arena;
    final int kvHeads;
    final int group;
    final int headSize;
    final int tokens;
    final int digestBlocks;
    final int windowStart;
    final int sinks;
    final int wanted;
    final float softCap;
    final int scoredBlocks;
    final int tokenStride;
    final int blockStride;
    final KvLayout layout;
    final SketchLayout sketchLayout;
    final float[] query;
    final int queryStride;
    private final long[] meanBlocks;
    private final long[] sketchBlocks;
    private final MemorySegment means;
    private final MemorySegment sketches;
    private final MemorySegment queries;
    private final MemorySegment newest;
    private final MemorySegment estimates;
    private final MemorySegment importance;
    private final MemorySegment candidates;
    private final MemorySegment work;
    private final MemorySegment selected;
    private final MemorySegment mass;
    private final MemorySegment references;
    /** A word per block, shared by all heads. */
    final long[] pinned;
    private final MemorySegment pinnedWords;

    SelectionRun(Arena arena, Random random, int kvHeads, int group, int headSize, int tokens, int windowStart,
            int wanted, float softCap, double queryMagnitude) {
        this.arena = arena;
        this.kvHeads = kvHeads;
        this.group = group;
        this.headSize = headSize;
        this.tokens = tokens;
        this.digestBlocks = (tokens - 1) / TOKENS;
        this.windowStart = windowStart;
        this.sinks = Math.min(4, windowStart);
        this.wanted = wanted;
        this.softCap = softCap;
        this.scoredBlocks = KvLayout.blocks(windowStart);
        this.tokenStride = KvLayout.blocks(tokens) * TOKENS + TOKENS;
        this.blockStride = KvLayout.blocks(tokens) + 3;
        this.layout = new KvLayout(KvFormat.INT8, kvHeads, headSize);
        this.sketchLayout = new SketchLayout(kvHeads, headSize);
        this.queryStride = KvLayout.padded(headSize);
        this.query = new float[kvHeads * group * queryStride];
        for (int i = 0; i < query.length; i++) {
            query[i] = (float) (queryMagnitude * random.nextGaussian());
        }
        this.meanBlocks = new long[Math.max(1, KvLayout.blocks(digestBlocks))];
        this.sketchBlocks = new long[Math.max(1, digestBlocks)];
        digest(random);
        this.means = longs(meanBlocks);
        this.sketches = longs(sketchBlocks);
        this.queries = arena.allocateFrom(ValueLayout.JAVA_FLOAT, query);
        this.newest = floats(kvHeads * group * TOKENS);
        for (int i = 0; i < kvHeads * group * TOKENS; i++) {
            boolean isToken = digestBlocks * TOKENS + i % TOKENS < windowStart;
            newest.setAtIndex(ValueLayout.JAVA_FLOAT, i,
                    isToken ? (float) (queryMagnitude * random.nextGaussian()) : Float.NEGATIVE_INFINITY);
        }
        this.estimates = floats(kvHeads * group * tokenStride);
        this.importance = floats(kvHeads * tokenStride);
        this.candidates = arena.allocate((long) kvHeads * tokenStride * Long.BYTES, Long.BYTES);
        this.work = arena.allocate((long) kvHeads * (BINS + group + 8) * Integer.BYTES, Integer.BYTES);
        this.selected = arena.allocate((long) kvHeads * blockStride * Long.BYTES, Long.BYTES);
        this.mass = floats(kvHeads * group * blockStride);
        this.references = floats(kvHeads * group);
        this.pinned = new long[KvLayout.blocks(tokens)];
        this.pinnedWords = pinned(random);
    }

    /** Some of the tokens that are not wanted; null where all are. */
    private MemorySegment pinned(Random random) {
        int most = windowStart - sinks - wanted;
        if (most <= 0 || tokens % 3 == 0) {
            return MemorySegment.NULL;
        }
        for (int i = 0; i < Math.min(most, 100); i++) {
            int token = random.nextInt(tokens);
            pinned[token / TOKENS] |= 1L << token;
        }
        return longs(pinned);
    }

    boolean isPinned(int token) {
        return (pinned[token / TOKENS] >>> token & 1) != 0;
    }

    private MemorySegment longs(long[] values) {
        return arena.allocateFrom(ValueLayout.JAVA_LONG, values);
    }

    private MemorySegment floats(int count) {
        MemorySegment segment = arena.allocate((long) count * Float.BYTES, 16);
        for (int i = 0; i < count; i++) {
            segment.setAtIndex(ValueLayout.JAVA_FLOAT, i, POISON);
        }
        return segment;
    }

    /** Writes the digests of random blocks, by the plugin's reference. */
    private void digest(Random random) {
        Int8Kernels kernels = SCALAR.int8();
        for (int i = 0; i < meanBlocks.length; i++) {
            meanBlocks[i] = arena.allocate(layout.blockBytes(), 128).address();
        }
        Int8Rows rows = new Int8Rows(headSize);
        float[] key = new float[headSize];
        float[] value = new float[headSize];
        for (int block = 0; block < digestBlocks; block++) {
            Int8Blocks kv = new Int8Blocks(arena, random, kvHeads, headSize, 1);
            sketchBlocks[block] = arena.allocate(sketchLayout.blockBytes(), 128).address();
            for (int kvHead = 0; kvHead < kvHeads; kvHead++) {
                rows.setBlock(layout.headAddress(kv.addresses[0], kvHead), TOKENS);
                kernels.mean(rows, headSize, key, value);
                long head = layout.headAddress(meanBlocks[block / TOKENS], kvHead);
                int row = block % TOKENS;
                long at = layout.int8Row(head, row);
                OffHeap.setByte(layout.keyScale(head, row), kernels.quantise(key, 0, headSize, at));
                OffHeap.setByte(layout.valueScale(head, row),
                        kernels.quantise(value, 0, headSize, at + KvLayout.int8RowBytes(headSize)));
                for (int c = 0; c < headSize; c++) {
                    key[c] = (float) meanKey(block, kvHead, c);
                }
                kernels.sketch(rows, headSize, key, sketchBlocks[block] + kvHead * sketchLayout.headBytes());
            }
        }
    }

    private double meanKey(int block, int kvHead, int channel) {
        long head = layout.headAddress(meanBlocks[block / TOKENS], kvHead);
        return ScaleCode.decode(OffHeap.getByte(layout.keyScale(head, block % TOKENS)))
                * (double) OffHeap.getByte(layout.int8Row(head, block % TOKENS) + channel);
    }

    double meanValue(int block, int kvHead, int channel) {
        long head = layout.headAddress(meanBlocks[block / TOKENS], kvHead);
        return ScaleCode.decode(OffHeap.getByte(layout.valueScale(head, block % TOKENS)))
                * (double) OffHeap.getByte(
                        layout.int8Row(head, block % TOKENS) + KvLayout.int8RowBytes(headSize) + channel);
    }

    private MemorySegment parameters() {
        return new Structure(arena)
                .pointers(means, sketches, queries, newest, estimates, importance, candidates, work, selected, mass,
                        references, pinnedWords)
                .ints(digestBlocks, scoredBlocks, kvHeads, group, headSize, queryStride, tokenStride, blockStride,
                        tokens, sinks, windowStart, wanted)
                .number(softCap).ints(0).segment();
    }

    void launchAll() {
        EmulatedKernels kernels = EmulatedKernels.orSkip();
        int chunks = Math.max(1, Math.ceilDiv(scoredBlocks, SELECT_BLOCKS));
        if (wanted > 0) {
            kernels.launch("alisa_estimate", Math.ceilDiv(scoredBlocks, ESTIMATE_BLOCKS), kvHeads, 1, 256,
                    kernels.sharedBytes("alisa_estimate", headSize, group, 256), parameters());
            kernels.launch("alisa_select_importance", chunks, kvHeads, 1, 256, 0, parameters());
            kernels.launch("alisa_select_threshold", chunks, kvHeads, 1, 256, 0, parameters());
        }
        kernels.launch("alisa_select_masks",
                Math.ceilDiv(Math.max(digestBlocks, Math.ceilDiv(tokens, TOKENS)), SELECT_BLOCKS), kvHeads, 1, 256, 0,
                parameters());
    }

    /** Partials of what was skipped: {@code [kvHead][head of the group][splits][4 + head size, padded]}. */
    MemorySegment launchSkipped(int splits) {
        int floats = AttendRun.HEAD + KvLayout.int8RowBytes(headSize);
        MemorySegment partials = floats(kvHeads * group * splits * floats);
        MemorySegment skipped = new Structure(arena).pointers(means, mass, references, partials)
                .ints(digestBlocks, kvHeads, group, headSize, blockStride, splits, 0, 0).segment();
        EmulatedKernels.orSkip().launch("alisa_skipped", splits, kvHeads, 1, 256, 0, skipped);
        return partials;
    }

    /** Estimated scores of a KV head's scored blocks by the reference, {@code [group][scored tokens]}. */
    float[][] expectedEstimates(int kvHead) {
        AttentionTile tile = new AttentionTile(new AttentionShape(kvHeads, group, headSize, 0), group);
        tile.begin(query, kvHead * group, group);
        Int8Kernels kernels = SCALAR.int8();
        QuerySketch sketch = kernels.querySketch(headSize, group);
        kernels.prepare(sketch, tile);
        Int8Rows rows = new Int8Rows(headSize);
        float[] all = new float[group * tokenStride];
        for (int block = 0; block < Math.min(digestBlocks, scoredBlocks); block++) {
            int first = block / TOKENS * TOKENS;
            rows.setBlock(layout.headAddress(meanBlocks[block / TOKENS], kvHead),
                    Math.min(TOKENS, digestBlocks - first));
            kernels.score(tile, rows);
            kernels.estimate(sketch, sketchBlocks[block] + kvHead * sketchLayout.headBytes(), tile.scores(),
                    block - first, TOKENS, all, block * TOKENS, tokenStride);
        }
        float[][] estimated = new float[group][scoredBlocks * TOKENS];
        for (int g = 0; g < group; g++) {
            for (int t = 0; t < estimated[g].length; t++) {
                float score = t < digestBlocks * TOKENS
                        ? all[g * tokenStride + t]
                        : newest.getAtIndex(ValueLayout.JAVA_FLOAT,
                                (kvHead * group + g) * (long) TOKENS + t - (long) digestBlocks * TOKENS);
                estimated[g][t] = softCap == 0 || score == Float.NEGATIVE_INFINITY
                        ? score
                        : (float) (softCap * Math.tanh(score / softCap));
            }
        }
        return estimated;
    }

    /** What the kernel estimated, {@code [group * tokenStride]}. */
    float[] estimates(int kvHead) {
        float[] all = new float[group * tokenStride];
        MemorySegment.copy(estimates, ValueLayout.JAVA_FLOAT, (long) kvHead * all.length * Float.BYTES, all, 0,
                all.length);
        return all;
    }

    long word(int kvHead, int block) {
        return selected.getAtIndex(ValueLayout.JAVA_LONG, (long) kvHead * blockStride + block);
    }

    float mass(int kvHead, int g, int block) {
        return mass.getAtIndex(ValueLayout.JAVA_FLOAT, (long) (kvHead * group + g) * blockStride + block);
    }

    float reference(int kvHead, int g) {
        return references.getAtIndex(ValueLayout.JAVA_FLOAT, (long) kvHead * group + g);
    }

    boolean isWorkZero() {
        for (long i = 0; i < work.byteSize() / Integer.BYTES; i++) {
            if (work.getAtIndex(ValueLayout.JAVA_INT, i) != 0) {
                return false;
            }
        }
        return true;
    }

    static SelectionKernels selectionKernels() {
        return SelectionKernels.beside(SCALAR);
    }
}
