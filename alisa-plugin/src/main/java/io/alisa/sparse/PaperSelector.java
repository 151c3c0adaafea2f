package io.alisa.sparse;

import java.util.List;

import io.alisa.cache.Growth;
import io.alisa.cache.KvLayer;
import io.alisa.cache.PinnedSpans;

/**
 * Sparse Window Attention as published (ALISA, Algorithm 1): with {@code k} half the budget, the last {@code k} tokens
 * (locally static) and, of those before, the {@code k} that the last rows of attention weights gave most (globally
 * dynamic). The heads of a layer share one list, chosen by weights summed over all of them.
 *
 * <p>A token that was not attended weighs zero, read literally. So one that has been left out for as many rows as are
 * summed stays out, however much it would matter later: the published method's weakness, kept on purpose.
 *
 * <p>What the paper leaves open, our choices:
 * <ul>
 * <li>It sums the last {@code k} rows; we the last {@code k}, but {@value #MOST_ROWS} at most, since keeping
 * {@code k} rows takes memory quadratic in the context.
 * <li>Before the first step, the rows are the prompt's last ones. Where the context is cut back there are fewer rows
 * until there are new ones.
 * <li>Local tokens take no part in the choice of dynamic ones, otherwise half the budget could be spent twice; nor do
 * those that an application pinned.
 * <li>Of equal sums, the newer token's wins; that goes for zeros too, should the others not be enough.
 * </ul>
 */
public final class PaperSelector implements TokenSelector {
    /** Rows of attention weights a score sums up at most. */
    static final int MOST_ROWS = 32;
    /** What a layer holds on the heap per token: the rows, their sum, and the choice. */
    static final int HEAP_BYTES_PER_TOKEN = (MOST_ROWS + 1) * Float.BYTES + Integer.BYTES;

    private final Budget budget;
    private final WeightRows rows = new WeightRows(MOST_ROWS);
    private final TopTokens top = new TopTokens();
    private float[] scores = {};
    private int[] dynamic = {};

    public PaperSelector(Budget budget) {
        this.budget = budget;
    }

    @Override
    public void begin(int position) {
        rows.forgetFrom(position);
    }

    @Override
    public void select(KvLayer layer, float[] queries, Selection selection) {
        int tokens = layer.tokens();
        int newest = tokens - 1;
        PinnedSpans pinned = selection.pinnedSpans();
        int apart = budget.pinnedApart(pinned, tokens, 0, 2);
        int window = budget.window(tokens, apart);
        int windowFrom = tokens - window;
        reserve(tokens);
        rows.sum(newest - Math.min(window, MOST_ROWS), newest, windowFrom, scores);
        pinned.fill(scores, windowFrom, Float.NEGATIVE_INFINITY);
        int wanted = Math.min(budget.total(tokens, apart) - window, windowFrom - pinned.count(windowFrom));
        int count = top.select(scores, 0, windowFrom, wanted, dynamic);
        for (int i = 0; i < count; i++) {
            selection.add(0, dynamic[i]);
        }
        selection.addRange(0, windowFrom, tokens);
        selection.shareFirst();
    }

    long heapBytes() {
        return rows.heapBytes() + (long) scores.length * Float.BYTES + (long) dynamic.length * Integer.BYTES;
    }

    private void reserve(int tokens) {
        if (scores.length < tokens) {
            int room = Growth.of(scores.length, tokens);
            scores = new float[room];
            dynamic = new int[room];
        }
    }

    @Override
    public boolean observes() {
        return true;
    }

    @Override
    public int observedPromptRows() {
        return MOST_ROWS;
    }

    @Override
    public void observe(int position, int kvHead, int[] attended, int count, float[] weights) {
        if (kvHead == 0) {
            rows.begin(position);
        }
        rows.add(position, attended, count, weights);
    }

    @Override
    public List<float[]> memory() {
        return rows.copies();
    }

    @Override
    public void remember(List<float[]> saved, int tokens) {
        rows.restore(saved, tokens);
    }
}
