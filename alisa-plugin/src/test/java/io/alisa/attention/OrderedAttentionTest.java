package io.alisa.attention;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.ref.WeakReference;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

import io.alisa.host.Garbage;
import io.alisa.parallel.WorkerTeam;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Attention in a given order of arithmetic: right by the formula, and the same bits whoever computes it. */
class OrderedAttentionTest {
    private static final double BOUND = 1e-10;
    private static final int CASES_PER_ORDER = 24;

    static List<SummationOrder> orders() {
        return List.of(new SummationOrder(16, true), new SummationOrder(8, true), new SummationOrder(4, true),
                new SummationOrder(8, false));
    }

    @ParameterizedTest
    @MethodSource("orders")
    void saysWhatTheFormulaSaysAndTheReferenceToTheLastBit(SummationOrder order) {
        Random random = new Random(order.hashCode());
        Deck<Integer> headSizes = new Deck<>(random, List.of(16, 32, 48, 64, 80, 128, 256));
        Deck<Integer> groups = new Deck<>(random, List.of(1, 2, 3, 4, 5, 7, 8, 16));
        Deck<Integer> kvHeads = new Deck<>(random, List.of(1, 2, 3));
        Deck<Integer> starts = new Deck<>(random, List.of(0, 1, 62, 63, 64, 200, 700));
        Deck<Integer> positions = new Deck<>(random, List.of(1, 1, 2, 17, 64, 65, 130));
        Deck<Float> softCaps = new Deck<>(random, List.of(0f, 0f, 8f));
        Deck<Integer> threads = new Deck<>(random, List.of(1, 2, 3, 5));
        for (int i = 0; i < CASES_PER_ORDER; i++) {
            AttentionShape shape = new AttentionShape(kvHeads.deal(), groups.deal(), headSizes.deal(), softCaps.deal());
            int start = starts.deal();
            int count = Math.min(positions.deal(), 2_000_000 / (shape.floats(1) * (start + 1)) + 1);
            try (RandomAttention attention = new RandomAttention(shape, start, count, 4, random.nextLong())) {
                float[] vector = run(attention, new VectorKernels(), Teams.of(threads.deal()), order);
                assertThat(vector).as("%s in order %s", attention, order)
                        .containsExactly(run(attention, new ScalarKernels(), Teams.of(1), order));
                assertThat(RandomAttention.nmse(vector, attention.expected())).as("%s in order %s", attention, order)
                        .isLessThanOrEqualTo(BOUND);
            }
        }
    }

    private static float[] run(RandomAttention attention, AttentionKernels kernels, WorkerTeam team,
            SummationOrder order) {
        float[] output = new float[attention.queries.length];
        new OrderedAttention(attention.shape, kernels, team, attention.layer(), order, 1f).run(attention.layer(),
                attention.start, attention.positions, attention.queries, output);
        return output;
    }

    /** Scores are as long as the context: what a prompt needed of them goes with the first step, the rest with a pause. */
    @Test
    void scoresAreGivenUp() {
        AttentionShape shape = new AttentionShape(2, 2, 32, 0);
        SummationOrder order = new SummationOrder(16, true);
        WorkerTeam team = Teams.of(1);
        int context = 256;
        try (RandomAttention prompt = new RandomAttention(shape, 0, context, 4, 1)) {
            OrderedAttention attention = new OrderedAttention(shape, new VectorKernels(), team, prompt.layer(), order,
                    1f);
            float[] outputs = new float[prompt.queries.length];
            attention.run(prompt.layer(), 0, context, prompt.queries, outputs);
            assertThat(attention.heapBytes()).isEqualTo(16L * context * Float.BYTES);
            float[] queries = new float[shape.floats(1)];
            float[] output = new float[queries.length];
            for (int kvHead = 0; kvHead < 2; kvHead++) {
                System.arraycopy(prompt.queries, shape.row(kvHead, context - 1, 0, context) * shape.rowStride(),
                        queries,
                        shape.row(kvHead, 0, 0, 1) * shape.rowStride(), 2 * shape.rowStride());
            }
            for (int step = 0; step < 2; step++) {
                attention.run(prompt.layer(), context - 1, 1, queries, output);
                assertThat((double) attention.heapBytes())
                        .isEqualTo(context * OrderedAttention.heapBytesPerToken(shape, 1));
                attention.rest();
                assertThat(attention.heapBytes()).isZero();
            }
            for (int kvHead = 0; kvHead < 2; kvHead++) {
                int from = shape.row(kvHead, context - 1, 0, context) * shape.rowStride();
                int to = shape.row(kvHead, 0, 0, 1) * shape.rowStride();
                assertThat(Arrays.copyOfRange(output, to, to + 2 * shape.rowStride()))
                        .isEqualTo(Arrays.copyOfRange(outputs, from, from + 2 * shape.rowStride()));
            }
        }
    }

    /** A session may be kept for half an hour after its prompt; a decode step uses the tile of one thread only. */
    @Test
    void noBatchOutlivesItsPrompt() {
        AttentionShape shape = new AttentionShape(1, 2, 32, 0);
        try (RandomAttention prompt = new RandomAttention(shape, 0, 256, 4, 1)) {
            OrderedAttention attention = new OrderedAttention(shape, new VectorKernels(), Teams.of(3), prompt.layer(),
                    new SummationOrder(16, true), 1f);
            WeakReference<float[]> queries = new WeakReference<>(attend(attention, prompt));
            float[] row = new float[shape.floats(1)];
            attention.run(prompt.layer(), 255, 1, row, row.clone());
            assertThat(Garbage.collectUntil(() -> queries.refersTo(null))).as("collected").isTrue();
            assertThat(attention.heapBytes()).as("it is used yet").isPositive();
        }
    }

    private static float[] attend(OrderedAttention attention, RandomAttention prompt) {
        float[] queries = prompt.queries.clone();
        attention.run(prompt.layer(), 0, prompt.positions, queries, new float[queries.length]);
        return queries;
    }
}
