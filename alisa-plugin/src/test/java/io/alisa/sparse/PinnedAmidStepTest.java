package io.alisa.sparse;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.Random;

import io.alisa.attention.AttentionKernels;
import io.alisa.attention.AttentionShape;
import io.alisa.attention.VectorKernels;
import io.alisa.cache.KvFormat;
import io.alisa.cache.KvLayer;
import io.alisa.cache.KvLayout;
import io.alisa.cache.KvMemory;
import io.alisa.cache.KvSession;
import io.alisa.cache.PinnedSpans;
import io.alisa.parallel.WorkerTeam;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What another thread pins amid a step is pinned from the next one on: in this one nothing is left out for that. */
class PinnedAmidStepTest {
    private static final AttentionShape SHAPE = new AttentionShape(2, 2, 32, 0);
    private static final Budget BUDGET = new Budget(0.2, 16);
    private static final int TOKENS = 1000;

    @ParameterizedTest
    @ValueSource(strings = {"swa-paper", "h2o", "streaming-llm", "local", "strided"})
    void theOtherPolicies(String policy) {
        try (KvSession kv = new KvSession(new KvLayout(KvFormat.F32, 2, 32), 1, 2000)) {
            long[][] free = select(policy, kv, false);
            assertThat(select(policy, kv, true)).isDeepEqualTo(free);
        }
    }

    private static long[][] select(String policy, KvSession kv, boolean pinsAmid) {
        TokenSelector selector = Policies.selector(policy, BUDGET, SHAPE);
        Selection selection = new Selection(SHAPE.kvHeads());
        Random random = new Random(5);
        for (int tokens = TOKENS - 20; tokens <= TOKENS; tokens++) {
            kv.layer(0).resize(tokens);
            begin(selector, selection, kv.layer(0));
            if (pinsAmid && tokens == TOKENS) {
                kv.pin(0, TOKENS);
            }
            selector.select(kv.layer(0), new float[SHAPE.floats(1)], selection);
            for (int head = 0; head < SHAPE.kvHeads() && selector.observes(); head++) {
                float[] weights = new float[selection.count(head)];
                for (int i = 0; i < weights.length; i++) {
                    weights[i] = random.nextFloat();
                }
                selector.observe(tokens - 1, head, selection.positions(head), weights.length, weights);
            }
        }
        return copy(selection);
    }

    @Test
    void theDefaultPolicy() {
        AttentionKernels kernels = new VectorKernels();
        Random random = new Random(7);
        float[] queries = new float[SHAPE.floats(1)];
        for (int i = 0; i < queries.length; i++) {
            queries[i] = (float) random.nextGaussian();
        }
        try (TieredRun run = new TieredRun(SHAPE, 1, "swa", 0.2, KvMemory.unlimited(), kernels, WorkerTeam.shared(),
                5)) {
            run.talk(TOKENS, 3, r -> {
            });
            KvLayer layer = run.kv.layer(0);
            TokenSelector selector = new SketchSelector(BUDGET, SHAPE, kernels, 1, layer, 64);
            Selection selection = new Selection(SHAPE.kvHeads());
            begin(selector, selection, layer);
            selector.select(layer, queries, selection);
            selectHeads(selector);
            long[][] free = copy(selection);
            begin(selector, selection, layer);
            selector.select(layer, queries, selection);
            run.kv.pin(0, layer.tokens());
            selectHeads(selector);
            assertThat(copy(selection)).isDeepEqualTo(free);
        }
    }

    /** A selection that is used once more says nothing of the step before. */
    @Test
    void anEmptySelectionPinsNothing() {
        Selection selection = new Selection(1);
        selection.begin(100);
        PinnedSpans spans = PinnedSpans.NONE.with(3, 5);
        assertThat(selection.pin(spans, 100).pinnedSpans()).isSameAs(spans);
        selection.begin(100);
        assertThat(selection.pinnedSpans().isEmpty()).isTrue();
    }

    private static void begin(TokenSelector selector, Selection selection, KvLayer layer) {
        selector.begin(layer.tokens() - 1);
        selection.begin(layer.tokens());
        selection.pin(layer.pinned(), layer.tokens());
    }

    private static void selectHeads(TokenSelector selector) {
        for (int head = 0; head < SHAPE.kvHeads(); head++) {
            selector.selectHead(head, 0);
        }
    }

    private static long[][] copy(Selection selection) {
        return Arrays.stream(selection.bits()).map(long[]::clone).toArray(long[][]::new);
    }
}
