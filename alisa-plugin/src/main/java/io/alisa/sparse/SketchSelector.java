package io.alisa.sparse;

import io.alisa.attention.AttentionKernels;
import io.alisa.attention.AttentionShape;
import io.alisa.attention.AttentionTile;
import io.alisa.attention.Int8Kernels;
import io.alisa.attention.Int8Rows;
import io.alisa.attention.QuerySketch;
import io.alisa.cache.KvDigest;
import io.alisa.cache.KvLayer;
import io.alisa.cache.KvLayout;
import io.alisa.parallel.Job;
import io.alisa.parallel.WorkerTeam;

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

    private final Budget budget;
    private final AttentionShape shape;
    private final Int8Kernels kernels;
    private final WorkerTeam team;
    private final Scratch[] scratch;
    private final Job selectHead = this::selectHead;

    private KvLayer layer;
    private float[] queries = {};
    private Selection selection;
    private final SkippedMass skipped;

    /** What one worker needs. */
    private static final class Scratch {
        final AttentionTile tile;
        final Int8Rows means;
        final QuerySketch query;
        final float[] key;
        final TopTokens top = new TopTokens();
        /** {@code [rows][stride]} estimated scores. */
        final float[] max;
        float[] estimates = {};
        float[] importance = {};
        int[] chosen = {};

        Scratch(AttentionShape shape) {
            tile = new AttentionTile(shape, shape.groupSize());
            means = new Int8Rows(shape.headSize());
            query = new QuerySketch(shape.headSize(), shape.groupSize());
            key = new float[shape.headSize()];
            max = new float[shape.groupSize()];
        }

        void reserve(int tokens, int rows) {
            if (importance.length < tokens) {
                int capacity = KvLayout.blocks(Math.max(tokens, 2 * importance.length)) * KvLayout.BLOCK_TOKENS;
                estimates = new float[rows * capacity];
                importance = new float[capacity];
                chosen = new int[capacity];
            }
        }
    }

    SketchSelector(Budget budget, AttentionShape shape, AttentionKernels kernels, WorkerTeam team, KvLayer anyLayer) {
        this.budget = budget;
        this.shape = shape;
        this.kernels = kernels.int8();
        this.team = team;
        this.layer = anyLayer;
        this.selection = new Selection(shape.kvHeads());
        this.skipped = new SkippedMass(shape);
        this.scratch = new Scratch[team.size()];
        for (int i = 0; i < scratch.length; i++) {
            scratch[i] = new Scratch(shape);
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
        KvDigest digest = kv.digest();
        skipped.begin(digest == null ? 0 : digest.blocks());
        team.run(selectHead, shape.kvHeads());
    }

    private void selectHead(int kvHead, int worker) {
        int tokens = layer.tokens();
        int total = budget.total(tokens);
        int window = Math.max(1, total / WINDOW_PART);
        int windowStart = tokens - window;
        int free = total - window;
        int sinks = Math.min(Math.min(Budget.SINKS, free), windowStart);
        selection.addRange(kvHead, 0, sinks);
        if (free > sinks && windowStart > sinks) {
            Scratch with = scratch[worker];
            with.reserve(KvLayout.blocks(tokens) * KvLayout.BLOCK_TOKENS, shape.groupSize());
            estimate(kvHead, windowStart, with);
            weigh(sinks, windowStart, with);
            int count = with.top.select(with.importance, sinks, windowStart, free - sinks, with.chosen);
            for (int i = 0; i < count; i++) {
                selection.add(kvHead, with.chosen[i]);
            }
        }
        selection.addRange(kvHead, windowStart, tokens);
        if (free > sinks && windowStart > sinks) {
            measureSkipped(kvHead, windowStart, scratch[worker]);
        }
    }

    /** Adds up, block by block, what the tokens weigh that are not selected, by their estimated scores. */
    private void measureSkipped(int kvHead, int windowStart, Scratch with) {
        int blocks = Math.min(skipped.blocks(), KvLayout.blocks(windowStart));
        int stride = with.importance.length;
        int[] positions = selection.positions(kvHead);
        for (int g = 0; g < shape.groupSize(); g++) {
            float max = with.max[g];
            for (int block = 0; block < blocks; block++) {
                float sum = 0;
                for (int i = block * KvLayout.BLOCK_TOKENS; i < (block + 1) * KvLayout.BLOCK_TOKENS; i++) {
                    sum += (float) Math.exp(Math.min(0, with.estimates[g * stride + i] - max));
                }
                skipped.set(kvHead, g, block, sum);
            }
            for (int i = 0; i < selection.count(kvHead) && positions[i] < blocks * KvLayout.BLOCK_TOKENS; i++) {
                skipped.subtract(kvHead, g, positions[i] / KvLayout.BLOCK_TOKENS,
                        (float) Math.exp(Math.min(0, with.estimates[g * stride + positions[i]] - max)));
            }
            skipped.setReference(kvHead, g, max);
        }
    }

    /** Estimates the scores of the tokens before the window. */
    private void estimate(int kvHead, int windowStart, Scratch with) {
        KvDigest digest = layer.digest();
        if (digest == null) {
            throw new IllegalStateException("The policy needs digests of the blocks");
        }
        int stride = with.importance.length;
        with.tile.begin(queries, kvHead * shape.groupSize(), shape.groupSize());
        kernels.prepare(with.query, with.tile);
        int blocks = Math.min(digest.blocks(), KvLayout.blocks(windowStart));
        for (int first = 0; first < blocks; first += KvLayout.BLOCK_TOKENS) {
            int count = Math.min(KvLayout.BLOCK_TOKENS, blocks - first);
            with.means.setBlock(digest.means().head(first, kvHead), count);
            kernels.score(with.tile, with.means);
            for (int i = 0; i < count; i++) {
                kernels.estimate(with.query, digest.sketch(first + i, kvHead), with.tile.scores(), i,
                        KvLayout.BLOCK_TOKENS, with.estimates, (first + i) * KvLayout.BLOCK_TOKENS, stride);
            }
        }
        for (int position = blocks * KvLayout.BLOCK_TOKENS; position < windowStart; position++) {
            score(kvHead, position, with);
        }
    }

    /** The exact score, for the few tokens before a small window whose block is not full yet. */
    private void score(int kvHead, int position, Scratch with) {
        layer.readKey(position, kvHead, with.key);
        for (int g = 0; g < shape.groupSize(); g++) {
            int query = (kvHead * shape.groupSize() + g) * shape.rowStride();
            float dot = 0;
            for (int channel = 0; channel < with.key.length; channel++) {
                dot += queries[query + channel] * with.key[channel];
            }
            with.estimates[g * with.importance.length + position] = dot;
        }
    }

    /** A token matters as much as to the query head of the group that it matters most to. */
    private void weigh(int from, int end, Scratch with) {
        int stride = with.importance.length;
        for (int g = 0; g < shape.groupSize(); g++) {
            float max = Float.NEGATIVE_INFINITY;
            for (int i = g * stride + from; i < g * stride + end; i++) {
                max = with.estimates[i] > max ? with.estimates[i] : max;
            }
            with.max[g] = max;
            for (int i = from; i < end; i++) {
                float relative = with.estimates[g * stride + i] - max;
                with.importance[i] = g == 0 || relative > with.importance[i] ? relative : with.importance[i];
            }
        }
    }
}
