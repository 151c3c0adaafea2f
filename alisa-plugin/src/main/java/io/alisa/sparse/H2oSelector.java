package io.alisa.sparse;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

import io.alisa.cache.Growth;
import io.alisa.cache.KvLayer;

/**
 * Heavy hitters: H2O (Zhang et al. 2023, Algorithm 1). Every KV head keeps the most recent tokens and those that all
 * rows of attention weights so far gave most; what it does not keep it has evicted, and that never returns.
 *
 * <p>Our choices, where H2O says otherwise or nothing:
 * <ul>
 * <li>The budget grows with the context and is halved between recent tokens and heavy hitters, as for all policies here.
 * <li>Query heads that share a KV head share its list.
 * <li>Of each batch of a prompt only the last {@value #PROMPT_ROWS} rows are observed.
 * <li>Tokens that an application pinned are attended anyway: they do not compete, and are not evicted.
 * <li>Where the context is cut back, what the dropped rows gave to older tokens stays given and what was evicted stays
 * so; the lists can then be shorter than the budget.
 * </ul>
 */
public final class H2oSelector implements TokenSelector {
    private static final int PROMPT_ROWS = 32;
    /** Sum of a token that was evicted: least of all, and whatever is added, it remains so. */
    private static final float EVICTED = Float.NEGATIVE_INFINITY;

    private final Budget budget;
    /** Per KV head and position: the weights so far. Zero from {@link #known} on. */
    private final float[][] sums;
    private final TopTokens top = new TopTokens();
    private int[] heavy = {};
    /** The sums of one KV head, pinned tokens hidden. */
    private float[] candidates = {};
    private int known;

    /** What a layer holds on the heap per token: a sum for each KV head, and the candidates and choice of one. */
    static int heapBytesPerToken(int kvHeads) {
        return (kvHeads + 1) * Float.BYTES + Integer.BYTES;
    }

    public H2oSelector(Budget budget, int kvHeads) {
        this.budget = budget;
        this.sums = new float[kvHeads][0];
    }

    @Override
    public void begin(int position) {
        for (float[] ofHead : sums) {
            Arrays.fill(ofHead, Math.min(position, known), known, 0f);
        }
        known = Math.min(position, known);
    }

    @Override
    public void select(KvLayer layer, float[] queries, Selection selection) {
        int tokens = layer.tokens();
        reserve(tokens);
        known = tokens - 1;
        for (int kvHead = 0; kvHead < sums.length; kvHead++) {
            select(kvHead, tokens, selection);
        }
    }

    private void select(int kvHead, int tokens, Selection selection) {
        float[] ofHead = sums[kvHead];
        int pinned = budget.pinnedApart(selection.pinnedSpans(), tokens, 0, 2);
        int windowFrom = tokens - budget.window(tokens, pinned);
        int recent = 0;
        for (int position = windowFrom; position < tokens; position++) {
            recent += ofHead[position] == EVICTED ? 0 : 1;
        }
        System.arraycopy(ofHead, 0, candidates, 0, windowFrom);
        selection.pinnedSpans().fill(candidates, windowFrom, EVICTED);
        int count = top.select(candidates, 0, windowFrom, budget.total(tokens, pinned) - recent, heavy);
        int next = 0;
        for (int position = 0; position < windowFrom; position++) {
            if (next < count && heavy[next] == position) {
                addKept(kvHead, position, selection);
                next++;
            } else if (candidates[position] != EVICTED) { // pinned ones are no candidates, and keep their sums
                ofHead[position] = EVICTED;
            }
        }
        for (int position = windowFrom; position < tokens; position++) {
            addKept(kvHead, position, selection);
        }
    }

    private void addKept(int kvHead, int position, Selection selection) {
        if (sums[kvHead][position] != EVICTED) {
            selection.add(kvHead, position);
        }
    }

    @Override
    public boolean observes() {
        return true;
    }

    @Override
    public int observedPromptRows() {
        return PROMPT_ROWS;
    }

    @Override
    public void observe(int position, int kvHead, int[] attended, int count, float[] weights) {
        if (kvHead == 0) {
            reserve(position + 1);
            known = position + 1;
        }
        float[] ofHead = sums[kvHead];
        for (int i = 0; i < count; i++) {
            ofHead[attended[i]] += weights[i];
        }
    }

    @Override
    public List<float[]> memory() {
        List<float[]> rows = new ArrayList<>();
        for (float[] ofHead : sums) {
            rows.add(Arrays.copyOf(ofHead, known));
        }
        return rows;
    }

    @Override
    public void remember(List<float[]> rows, int tokens) {
        int count = rows.isEmpty() ? 0 : rows.getFirst().length;
        for (float[] row : rows) {
            WeightRows.check(row);
            if (rows.size() != sums.length || row.length != count || count > tokens) {
                throw new IllegalArgumentException("its policy's rows are not those of its tokens");
            }
        }
        reserve(count);
        for (int kvHead = 0; kvHead < rows.size(); kvHead++) {
            System.arraycopy(rows.get(kvHead), 0, sums[kvHead], 0, count);
        }
        known = count;
    }

    private void reserve(int tokens) {
        if (heavy.length < tokens) {
            int room = Growth.of(heavy.length, tokens);
            heavy = new int[room];
            candidates = new float[room];
            for (int kvHead = 0; kvHead < sums.length; kvHead++) {
                sums[kvHead] = Arrays.copyOf(sums[kvHead], room);
            }
        }
    }
}
