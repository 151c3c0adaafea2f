package io.alisa.attention;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Random;

import io.alisa.parallel.WorkerTeam;
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
}
