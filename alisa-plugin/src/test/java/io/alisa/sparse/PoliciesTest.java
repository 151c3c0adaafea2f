package io.alisa.sparse;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;

import io.alisa.Allocation;
import io.alisa.attention.AttentionShape;
import io.alisa.cache.KvFormat;
import io.alisa.cache.KvLayer;
import io.alisa.cache.KvLayout;
import io.alisa.cache.KvSession;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PoliciesTest {
    private static final int KV_HEADS = 2;
    private static final int FIRST = 600;
    private static final int STEPS = 100;
    /** Rounds of {@link #STEPS} until nothing must be allocated any more. */

    private final Budget budget = new Budget(0.2, 0);
    private final AttentionShape shape = new AttentionShape(KV_HEADS, 4, 1, 0);
    private final Selection selection = new Selection(KV_HEADS);
    private final float[] weights = new float[FIRST + STEPS];
    private final float[] queries = {};

    @Test
    void aNameThatIsNoneIsAnsweredByThoseThatAre() {
        assertThatThrownBy(() -> Policies.selector("swan", budget, shape))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("'swan'")
                .hasMessageContaining("streaming-llm");
    }

    @Tag(Allocation.TAG)
    @ParameterizedTest
    @ValueSource(strings = {"swa-paper", "h2o", "streaming-llm", "local", "strided", "dense"})
    void aStepAllocatesNothing(String policy) {
        TokenSelector selector = Policies.selector(policy, budget, shape);
        Arrays.fill(weights, 1);
        try (KvSession session = new KvSession(new KvLayout(KvFormat.F32, KV_HEADS, 1), 1, FIRST + STEPS)) {
            KvLayer layer = session.layer(0);
            Allocation.assertNoneAfterAWhile(() -> decode(selector, layer));
        }
    }

    private void decode(TokenSelector selector, KvLayer layer) {
        for (int tokens = FIRST; tokens < FIRST + STEPS; tokens++) {
            layer.resize(tokens);
            selection.begin(tokens);
            selector.select(layer, queries, selection);
            for (int kvHead = 0; kvHead < KV_HEADS; kvHead++) {
                selector.observe(tokens - 1, kvHead, selection.positions(kvHead), selection.count(kvHead), weights);
            }
        }
    }
}
