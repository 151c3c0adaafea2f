package io.alisa.sparse;

import java.util.Arrays;

import io.alisa.attention.AttentionKernels;
import io.alisa.attention.AttentionShape;
import io.alisa.attention.AttentionTile;
import io.alisa.attention.Int8Kernels;
import io.alisa.attention.Int8Rows;
import io.alisa.attention.QuerySketch;
import io.alisa.attention.SelectionKernels;
import io.alisa.cache.Growth;
import io.alisa.cache.KvDigest;
import io.alisa.cache.KvLayer;
import io.alisa.cache.KvLayout;
import io.alisa.cache.PinnedSpans;
import io.alisa.device.TokenChoice;
import org.jspecify.annotations.Nullable;

/**
 * The default policy, {@code swa}: the paper's window of most recent tokens and as many globally dynamic ones, but the
 * latter are found by the query at hand. Every token's score is estimated from its two-bit key, so one that was left out
 * for thousands of steps comes back in the step that asks for it. Nothing is remembered from step to step.
 *
 * <p>Ours, not the paper's: the first tokens are pinned (attention sinks, StreamingLLM), each KV head has a list of its
 * own (sharing one in a layer costs several times the error), a group's query heads vote by the largest of their
 * estimated scores, each relative to its head's best, and the skipped tokens are estimated.
 *
 * <p>Serves all layers of a session, one at a time. A KV head is worked on by one thread.
 */
final class SketchSelector implements TokenSelector {
    /** Part of the budget that goes to the most recent tokens: a half in the paper, a quarter loses less. */
    private static final int WINDOW_PART = 4;
    /** One in so many wanted tokens may be missed. */
    static final int NEARLY = 64;
    /** Blocks whose sketches are read at once, at most: with the estimates they fit into the nearest cache. */
    private static final int SWEPT = 16;

    private final Budget budget;
    private final AttentionShape shape;
    private final AttentionKernels floatKernels;
    private final Int8Kernels kernels;
    private final SelectionKernels selectionKernels;
    private final Scratch[] scratch;
    private final TokenChoice choice = new TokenChoice();

    private KvLayer layer;
    private float[] queries = {};
    private Selection selection;
    private final SkippedMass skipped;
    /** Tokens from here on, and before this, are attended whatever they weigh; and how many of the others. */
    private int windowStart;
    private int sinks;
    private int wanted;

    /** What one worker needs. */
    private static final class Scratch {
        final AttentionTile tile;
        final Int8Rows means;
        final QuerySketch query;
        final ThresholdSearch threshold;
        final TopTokens top = new TopTokens();
        /** Best estimated score, per query head. */
        final float[] best;
        /** {@code [rows][stride]} estimated scores. */
        float[] estimates = {};
        int stride;
        float[] importance = {};
        int[] chosen = {};

        Scratch(AttentionShape shape, Int8Kernels kernels, ThresholdSearch threshold) {
            this.threshold = threshold;
            // Capping comes last, when a score is complete.
            AttentionShape uncapped = new AttentionShape(shape.kvHeads(), shape.groupSize(), shape.headSize(), 0);
            tile = new AttentionTile(uncapped, shape.groupSize());
            means = new Int8Rows(shape.headSize());
            query = kernels.querySketch(shape.headSize(), shape.groupSize());
            best = new float[shape.groupSize()];
        }

        void reserve(int tokens, int rows) {
            if (stride < tokens) {
                // An odd number of blocks: what is written to one row and read of another must not be equal in the last
                // twelve bits of its address, by which cores tell whether a read waits for a write.
                stride = (KvLayout.blocks(Growth.of(stride, tokens)) | 1) * KvLayout.BLOCK_TOKENS;
                estimates = new float[rows * stride];
                importance = new float[stride];
                chosen = new int[stride];
            }
        }
    }

    /** @param nearly one in so many wanted tokens may be missed */
    SketchSelector(Budget budget, AttentionShape shape, AttentionKernels kernels, int workers, KvLayer anyLayer,
            int nearly) {
        this.budget = budget;
        this.shape = shape;
        this.floatKernels = kernels;
        this.kernels = kernels.int8();
        this.selectionKernels = SelectionKernels.beside(kernels);
        this.layer = anyLayer;
        this.selection = new Selection(shape.kvHeads());
        this.skipped = new SkippedMass(shape);
        this.scratch = new Scratch[workers];
        for (int i = 0; i < scratch.length; i++) {
            scratch[i] = new Scratch(shape, this.kernels, new ThresholdSearch(selectionKernels, nearly));
        }
    }

    @Override
    public SkippedMass skipped() {
        return skipped;
    }

    @Override
    public void select(KvLayer kv, float[] query, Selection target) {
        layer = kv;
        queries = query;
        selection = target;
        int tokens = kv.tokens();
        int total = budget.total(tokens,
                budget.pinnedApart(target.pinnedSpans(), tokens, Budget.SINKS, WINDOW_PART));
        int window = Math.max(1, total / WINDOW_PART);
        windowStart = tokens - window;
        sinks = Math.min(Math.min(Budget.SINKS, total - window), windowStart);
        wanted = windowStart > sinks ? total - window - sinks : 0;
        skipped.begin(windowStart > sinks ? KvLayout.blocks(windowStart) : 0);
    }

    /** A device chooses where the window covers the newest block, which it has not got. */
    @Override
    public @Nullable TokenChoice choice() {
        PinnedSpans pinned = selection.pinnedSpans();
        int free = windowStart - sinks - (pinned.count(windowStart) - pinned.count(sinks));
        int most = Math.min(wanted, free);
        if (most < 1 || windowStart > (layer.tokens() - 1) / KvLayout.BLOCK_TOKENS * KvLayout.BLOCK_TOKENS) {
            return null;
        }
        choice.set(layer.tokens(), sinks, windowStart, most, selection.pinned() == 0 ? null : selection.bits(0));
        return choice;
    }

    @Override
    public void selectHead(int kvHead, int worker) {
        int tokens = layer.tokens();
        selection.addRange(kvHead, 0, sinks);
        skipped.clear(kvHead);
        Scratch with = scratch[worker];
        selection.addRange(kvHead, windowStart, tokens);
        if (windowStart > sinks) {
            with.reserve(tokens, shape.groupSize());
            estimate(kvHead, with);
            if (wanted > 0) {
                addMostImportant(kvHead, with);
            }
            measureSkipped(kvHead, with);
        }
    }

    /** Estimates the scores of the tokens before the window, in whole blocks. */
    private void estimate(int kvHead, Scratch with) {
        KvDigest digest = layer.digest();
        if (digest == null) {
            throw new IllegalStateException("The policy needs digests of the blocks");
        }
        with.tile.begin(queries, kvHead * shape.groupSize(), shape.groupSize());
        kernels.prepare(with.query, with.tile);
        Arrays.fill(with.best, Float.NEGATIVE_INFINITY);
        int blocks = Math.min(digest.blocks(), KvLayout.blocks(windowStart));
        for (int first = 0; first < blocks; first += KvLayout.BLOCK_TOKENS) {
            int count = Math.min(KvLayout.BLOCK_TOKENS, blocks - first);
            with.means.setBlock(digest.means().head(first, kvHead), count);
            kernels.score(with.tile, with.means);
            int swept = 0;
            for (int i = 0; i < count; i++) {
                if (i == swept) {
                    swept += sweep(digest, first + i, Math.min(count - i, SWEPT), kvHead, with.tile);
                }
                kernels.estimate(with.query, digest.sketch(first + i, kvHead), with.tile.scores(), i,
                        KvLayout.BLOCK_TOKENS, with.estimates, (first + i) * KvLayout.BLOCK_TOKENS, with.stride);
            }
            if (shape.softCap() != 0) {
                complete(first * KvLayout.BLOCK_TOKENS, count * KvLayout.BLOCK_TOKENS, with);
            }
        }
        if (shape.softCap() == 0) { // the estimates are complete, and their best known
            for (int g = 0; g < shape.groupSize(); g++) {
                with.best[g] = with.query.best(g);
            }
        }
        if (blocks < KvLayout.blocks(windowStart)) {
            scoreNewest(kvHead, blocks * KvLayout.BLOCK_TOKENS, with);
            complete(blocks * KvLayout.BLOCK_TOKENS, KvLayout.BLOCK_TOKENS, with);
        }
    }

    /** Reads sketches into the cache: while they are looked up, too few reads would be under way. Returns of how many blocks. */
    private int sweep(KvDigest digest, int block, int most, int kvHead, AttentionTile tile) {
        int blocks = digest.inOneStream(block, most);
        floatKernels.preload(tile, digest.sketch(block, kvHead), blocks * digest.sketchBytes());
        return blocks;
    }

    /** Caps scores, and looks for the best of what that leaves, while they are in a near cache. */
    private void complete(int from, int tokens, Scratch with) {
        if (shape.softCap() != 0) {
            for (int g = 0; g < shape.groupSize(); g++) {
                selectionKernels.cap(with.estimates, g * with.stride + from, tokens, shape.softCap());
            }
        }
        selectionKernels.best(with.estimates, shape.groupSize(), with.stride, from, tokens, with.best);
    }

    /** Exact scores of the few tokens before a small window whose block is not full yet. */
    private void scoreNewest(int kvHead, int from, Scratch with) {
        int count = windowStart - from;
        floatKernels.score(with.tile, layer.floatHead(from, kvHead), count);
        for (int g = 0; g < shape.groupSize(); g++) {
            int to = g * with.stride + from;
            System.arraycopy(with.tile.scores(), g * KvLayout.BLOCK_TOKENS, with.estimates, to, count);
            Arrays.fill(with.estimates, to + count, to + KvLayout.BLOCK_TOKENS, Float.NEGATIVE_INFINITY);
        }
    }

    /** Adds the most important of the tokens between sinks and window, as many as are wanted or a few less. */
    private void addMostImportant(int kvHead, Scratch with) {
        int from = sinks;
        int end = windowStart;
        int blocks = KvLayout.blocks(end);
        selectionKernels.importance(with.estimates, shape.groupSize(), with.stride, blocks * KvLayout.BLOCK_TOKENS,
                with.best, with.importance);
        Arrays.fill(with.importance, 0, from, Float.NEGATIVE_INFINITY);
        Arrays.fill(with.importance, end, blocks * KvLayout.BLOCK_TOKENS, Float.NEGATIVE_INFINITY);
        selection.pinnedSpans().fill(with.importance, end, Float.NEGATIVE_INFINITY); // attended whatever they weigh
        float threshold = with.threshold.find(with.importance, blocks, wanted);
        if (Float.isNaN(threshold)) {
            int count = with.top.select(with.importance, from, end, wanted, with.chosen);
            for (int i = 0; i < count; i++) {
                selection.add(kvHead, with.chosen[i]);
            }
        } else {
            for (int block = 0; block < blocks; block++) {
                selection.addWord(kvHead, block, selectionKernels.atLeast(with.importance, block, threshold));
            }
        }
    }

    /** Adds up, block by block, what the tokens weigh that are not selected, by their estimated scores. */
    private void measureSkipped(int kvHead, Scratch with) {
        selectionKernels.skippedMass(with.estimates, shape.groupSize(), with.stride, skipped.blocks(), with.best,
                selection.bits(kvHead), skipped.weights(), skipped.index(kvHead, 0), skipped.stride());
        for (int g = 0; g < shape.groupSize(); g++) {
            skipped.setReference(kvHead, g, with.best[g]);
        }
    }
}
