package io.alisa.attention;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Random;

import io.alisa.cache.KvFormat;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Dense attention over INT8 KV says what the formula says about the values as they are stored: the query's own block in
 * floats, earlier ones rounded.
 */
class StoredAttentionTest {
    private static final double BOUND = 1e-10;
    private static final int CASES = 60;
    private static final long LARGEST = 4_000_000;

    static List<AttentionKernels> kernels() {
        return List.of(new ScalarKernels(), new VectorKernels());
    }

    @ParameterizedTest
    @MethodSource("kernels")
    void decodeSaysWhatTheFormulaSays(AttentionKernels kernels) {
        Random random = new Random(3);
        Deck<Integer> headSizes = headSizes(random);
        Deck<Integer> groups = groups(random);
        Deck<Integer> kvHeads = new Deck<>(random, List.of(1, 2, 3));
        Deck<Integer> tokens = new Deck<>(random, List.of(1, 2, 63, 64, 65, 127, 128, 129, 512, 513, 704, 1100));
        Deck<Float> softCaps = new Deck<>(random, List.of(0f, 0f, 8f));
        Deck<Integer> threads = new Deck<>(random, List.of(1, 2, 3));
        for (int i = 0; i < CASES; i++) {
            int length = tokens.deal();
            AttentionShape shape = new AttentionShape(kvHeads.deal(), groups.deal(), headSizes.deal(), softCaps.deal());
            check(kernels, shape, length - 1, 1, threads.deal(), i);
        }
    }

    @ParameterizedTest
    @MethodSource("kernels")
    void prefillSaysWhatTheFormulaSays(AttentionKernels kernels) {
        Random random = new Random(4);
        Deck<Integer> headSizes = headSizes(random);
        Deck<Integer> groups = groups(random);
        Deck<Integer> starts = new Deck<>(random, List.of(0, 0, 1, 63, 64, 65, 130, 200));
        Deck<Integer> batches = new Deck<>(random, List.of(2, 3, 62, 64, 65, 127, 129, 150));
        Deck<Float> softCaps = new Deck<>(random, List.of(0f, 0f, 8f));
        Deck<Integer> threads = new Deck<>(random, List.of(1, 2, 3));
        for (int i = 0; i < CASES / 2; i++) {
            int start = starts.deal();
            int batch = batches.deal();
            int headSize = headSizes.deal();
            int group = groups.deal();
            while ((long) (start + batch) * batch * headSize * group > LARGEST) {
                group = groups.deal();
                batch = batches.deal();
            }
            check(kernels, new AttentionShape(1 + i % 2, group, headSize, softCaps.deal()), start, batch,
                    threads.deal(), i);
        }
    }

    private static Deck<Integer> headSizes(Random random) {
        return new Deck<>(random, List.of(8, 31, 32, 64, 80, 128));
    }

    private static Deck<Integer> groups(Random random) {
        return new Deck<>(random, List.of(1, 2, 3, 4, 8));
    }

    private static void check(AttentionKernels kernels, AttentionShape shape, int start, int batch, int threads,
            long seed) {
        String name = "%s from %d, %d, %s".formatted(shape, start, batch, kernels.name());
        try (FedSession session = new FedSession(shape, KvFormat.INT8, false, kernels, Teams.of(1),
                Tokens.random(shape.headSize(), 1.5, seed))) {
            if (start > 0) {
                session.feed(0, start);
            }
            session.begin(start, start + batch);
            float[] output = session.attend(Teams.of(threads));
            assertThat(Formula.nmse(output, session.expected())).as(name).isLessThanOrEqualTo(BOUND);
            assertThat(session.attend(Teams.of(1))).as("%s, by one thread", name).isEqualTo(output);
            assertThat(session.attend(Teams.of(3))).as("%s, by three", name).isEqualTo(output);
        }
    }
}
