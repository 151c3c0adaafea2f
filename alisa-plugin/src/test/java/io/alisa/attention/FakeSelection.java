package io.alisa.attention;

import java.util.Comparator;
import java.util.List;
import java.util.function.IntToLongFunction;
import java.util.stream.IntStream;

import io.alisa.cache.KvFormat;
import io.alisa.cache.KvLayout;
import io.alisa.cache.ScaleCode;
import io.alisa.cache.SketchLayout;
import io.alisa.memory.OffHeap;

/**
 * What a device selects of one KV head and what the rest weighs, by sorting: the reference's estimates, everything else
 * anew.
 */
public final class FakeSelection {
    private static final int TOKENS = KvLayout.BLOCK_TOKENS;
    private static final AttentionKernels SCALAR = new ScalarKernels();

    /** A word per block of the context. */
    public final long[] selected;
    /** {@code [head of the group][block]}. */
    public final float[][] mass;
    /** Per head of the group. */
    public final float[] references;

    private final AttentionShape shape;
    private final int kvHead;
    private final KvLayout layout;
    private final SketchLayout sketchLayout;
    private final IntToLongFunction sketches;
    private final IntToLongFunction means;

    /**
     * @param sketches address of a block's sketch, all KV heads
     * @param means    address of a block of means
     * @param pinned   whether a token is selected whatever it weighs
     */
    public FakeSelection(AttentionShape shape, int kvHead, float[] queries, int blocks, IntToLongFunction sketches,
            IntToLongFunction means, int tokens, int sinks, int windowStart, int wanted, List<Integer> pinned) {
        this.shape = shape;
        this.kvHead = kvHead;
        this.sketches = sketches;
        this.means = means;
        layout = new KvLayout(KvFormat.INT8, shape.kvHeads(), shape.headSize());
        sketchLayout = new SketchLayout(shape.kvHeads(), shape.headSize());
        selected = new long[KvLayout.blocks(tokens)];
        mass = new float[shape.groupSize()][blocks];
        references = new float[shape.groupSize()];
        float[][] estimates = estimates(queries, windowStart);
        for (int g = 0; g < estimates.length; g++) {
            references[g] = Float.NEGATIVE_INFINITY;
            for (float score : estimates[g]) {
                references[g] = Math.max(references[g], score);
            }
        }
        IntStream.range(0, sinks).forEach(this::select);
        IntStream.range(windowStart, tokens).forEach(this::select);
        pinned.forEach(this::select);
        List<Integer> chosen = IntStream.range(sinks, windowStart).filter(t -> !pinned.contains(t)).boxed()
                .sorted(Comparator.comparingDouble((Integer t) -> -importance(estimates, t))
                        .thenComparing(Comparator.reverseOrder()))
                .toList();
        chosen.stream().limit(wanted).forEach(this::select);
        for (int g = 0; g < estimates.length; g++) {
            SelectionKernels.beside(SCALAR).skippedMass(estimates[g], 1, estimates[g].length,
                    estimates[g].length / TOKENS, new float[]{references[g]}, selected, mass[g], 0, 0);
        }
    }

    private void select(int token) {
        selected[token / TOKENS] |= 1L << token;
    }

    private double importance(float[][] estimates, int token) {
        double most = Double.NEGATIVE_INFINITY;
        for (int g = 0; g < estimates.length; g++) {
            most = Math.max(most, estimates[g][token] - references[g]);
        }
        return most;
    }

    private float[][] estimates(float[] queries, int windowStart) {
        int count = KvLayout.blocks(windowStart);
        AttentionTile tile = new AttentionTile(
                new AttentionShape(shape.kvHeads(), shape.groupSize(), shape.headSize(), 0), shape.groupSize());
        tile.begin(queries, kvHead * shape.groupSize(), shape.groupSize());
        Int8Kernels kernels = SCALAR.int8();
        QuerySketch sketch = kernels.querySketch(shape.headSize(), shape.groupSize());
        kernels.prepare(sketch, tile);
        Int8Rows rows = new Int8Rows(shape.headSize());
        float[] all = new float[shape.groupSize() * count * TOKENS];
        for (int block = 0; block < count; block++) {
            rows.setBlock(layout.headAddress(means.applyAsLong(block / TOKENS), kvHead), block % TOKENS + 1);
            kernels.score(tile, rows);
            kernels.estimate(sketch, sketches.applyAsLong(block) + kvHead * sketchLayout.headBytes(), tile.scores(),
                    block % TOKENS, TOKENS, all, block * TOKENS, count * TOKENS);
        }
        float[][] estimates = new float[shape.groupSize()][count * TOKENS];
        for (int i = 0; i < all.length; i++) {
            estimates[i / (count * TOKENS)][i % (count * TOKENS)] = shape.softCap() == 0
                    ? all[i]
                    : (float) (shape.softCap() * Math.tanh(all[i] / shape.softCap()));
        }
        return estimates;
    }

    /** The weighted sum of the mean values that the skipped tokens of a query head add to its running softmax. */
    public double[] skippedValues(int headOfGroup) {
        double[] sums = new double[shape.headSize()];
        for (int block = 0; block < mass[headOfGroup].length; block++) {
            long head = layout.headAddress(means.applyAsLong(block / TOKENS), kvHead);
            long row = layout.int8Row(head, block % TOKENS) + KvLayout.int8RowBytes(shape.headSize());
            double weight = mass[headOfGroup][block]
                    * (double) ScaleCode.decode(OffHeap.getByte(layout.valueScale(head, block % TOKENS)));
            for (int i = 0; i < sums.length; i++) {
                sums[i] += weight * OffHeap.getByte(row + i);
            }
        }
        return sums;
    }

    /** The weight of all that is skipped, relative to the query head's reference. */
    public double skippedMass(int headOfGroup) {
        double sum = 0;
        for (float each : mass[headOfGroup]) {
            sum += each;
        }
        return sum;
    }
}
