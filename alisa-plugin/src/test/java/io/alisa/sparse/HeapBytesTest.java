package io.alisa.sparse;

import static org.assertj.core.api.Assertions.assertThat;

import io.alisa.attention.AttentionShape;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What policies remember on the heap is counted: where there are few KV heads it is more than the blocks. */
class HeapBytesTest {
    private static final int TOKENS = 1000;
    private static final int LAYERS = 3;

    @ParameterizedTest
    @ValueSource(ints = {1, 8})
    void rowsOfWeightsAreCounted(int kvHeads) {
        PaperSelector selector = new PaperSelector(new Budget(0.2, 0));
        selector.observe(TOKENS - 1, 0, new int[TOKENS], 1, new float[TOKENS]);
        assertThat(selector.heapBytes()).isGreaterThanOrEqualTo(4L * PaperSelector.MOST_ROWS * TOKENS);
        AttentionShape shape = new AttentionShape(kvHeads, 4, 64, 0);
        assertThat(LAYERS * selector.heapBytes())
                .isLessThanOrEqualTo((long) (HeapBytes.perToken("swa-paper", shape, LAYERS, 2) * TOKENS));
    }

    @ParameterizedTest
    @ValueSource(strings = {"streaming-llm", "local", "strided", "dense"})
    void whoRemembersNothingCountsNoMemory(String policy) {
        AttentionShape shape = new AttentionShape(8, 4, 64, 0);
        assertThat(HeapBytes.perToken("h2o", shape, LAYERS, 2) - HeapBytes.perToken(policy, shape, LAYERS, 2))
                .isEqualTo(LAYERS * 10.0 * Float.BYTES);
    }
}
