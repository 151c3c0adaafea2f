package io.alisa.attention;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every implementation of the kernels, through decode and prefill, against the formula in double precision. */
class KernelsAgainstFormulaTest {
    private static final double BOUND = 1e-10;
    private static final long SEED = 20_250_711;
    private static final int DECODE_CASES = 112;
    /** Multiplications of the largest case: keeps the whole class at some seconds. */
    private static final long LARGEST = 24_000_000;

    static List<AttentionKernels> kernels() {
        return List.of(new ScalarKernels(), new VectorKernels());
    }

    /** A case of the sample. */
    private record Case(AttentionShape shape, int tokens, int threads, long seed) {
    }

    private static List<Case> sample() {
        Random random = new Random(SEED);
        Deck<Integer> headSizes = new Deck<>(random, List.of(8, 16, 20, 32, 40, 64, 80, 96, 100, 128, 256));
        Deck<Integer> groups = new Deck<>(random, List.of(1, 2, 3, 4, 5, 7, 8, 16));
        Deck<Integer> kvHeads = new Deck<>(random, List.of(1, 2, 3, 8));
        Deck<Integer> tokens = new Deck<>(random,
                List.of(1, 2, 63, 64, 65, 127, 128, 129, 511, 512, 513, 1000, 1025,
                        3000));
        Deck<Float> softCaps = new Deck<>(random, List.of(0f, 30f));
        Deck<Integer> threads = new Deck<>(random, List.of(1, 2, 3, 5));
        List<Case> cases = new ArrayList<>();
        for (int i = 0; i < DECODE_CASES; i++) {
            int length = tokens.deal();
            int headSize = headSizes.deal();
            int heads = kvHeads.deal();
            int group = groups.deal();
            while ((long) length * headSize * heads * group > LARGEST) {
                heads = 1;
                group = groups.deal();
            }
            cases.add(new Case(new AttentionShape(heads, group, headSize, softCaps.deal()), length,
                    threads.deal(), random.nextLong()));
        }
        return cases;
    }

    @ParameterizedTest
    @MethodSource("kernels")
    void decodeSaysWhatTheFormulaSays(AttentionKernels kernels) {
        for (Case c : sample()) {
            try (RandomAttention attention = new RandomAttention(c.shape(), c.tokens() - 1, 1, 1, c.seed())) {
                float[] output = attention.decode(kernels, Teams.of(c.threads()));
                assertThat(RandomAttention.nmse(output, attention.expected())).as("%s", c)
                        .isLessThanOrEqualTo(BOUND);
                assertThat(attention.decode(kernels, Teams.of(1))).as("%s by one thread", c)
                        .isEqualTo(output);
            }
        }
    }

    /** Scores up to 200 apart: the maximum moves from block to block, earlier sums shrink, weights vanish. */
    @ParameterizedTest
    @MethodSource("kernels")
    void largeScoresAreRescaled(AttentionKernels kernels) {
        for (Case c : sample()) {
            try (RandomAttention attention = new RandomAttention(c.shape(), c.tokens() - 1, 1, 50,
                    c.seed())) {
                float[] output = attention.decode(kernels, Teams.of(c.threads()));
                assertThat(RandomAttention.nmse(output, attention.expected())).as("%s", c)
                        .isLessThanOrEqualTo(BOUND);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("kernels")
    void prefillSaysWhatTheFormulaSays(AttentionKernels kernels) {
        Random random = new Random(SEED);
        Deck<Integer> headSizes = new Deck<>(random, List.of(8, 20, 40, 64, 100));
        Deck<Integer> groups = new Deck<>(random, List.of(1, 2, 3, 4, 7));
        Deck<Integer> kvHeads = new Deck<>(random, List.of(1, 2, 3));
        Deck<Float> softCaps = new Deck<>(random, List.of(0f, 30f));
        Deck<Integer> threads = new Deck<>(random, List.of(1, 2, 3, 5));
        for (int batch : new int[]{2, 3, 64, 65, 256}) {
            for (int start : new int[]{0, 1, 63, 64, 1000}) {
                AttentionShape shape = new AttentionShape(kvHeads.deal(), groups.deal(), headSizes.deal(),
                        softCaps.deal());
                try (RandomAttention attention = new RandomAttention(shape, start, batch, 1,
                        random.nextLong())) {
                    float[] output = attention.prefill(kernels, Teams.of(threads.deal()));
                    assertThat(RandomAttention.nmse(output, attention.expected())).as("%s", attention)
                            .isLessThanOrEqualTo(BOUND);
                    assertThat(attention.prefill(kernels, Teams.of(1))).as("%s by one thread", attention)
                            .isEqualTo(output);
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("kernels")
    void decodingIsPrefillingOneToken(AttentionKernels kernels) {
        AttentionShape shape = new AttentionShape(2, 4, 64, 0);
        for (int position : new int[]{0, 1, 63, 64, 600}) {
            try (RandomAttention attention = new RandomAttention(shape, position, 1, 1, SEED + position)) {
                double[] prefilled = new double[attention.queries.length];
                float[] output = attention.prefill(kernels, Teams.of(2));
                for (int i = 0; i < output.length; i++) {
                    prefilled[i] = output[i];
                }
                assertThat(RandomAttention.nmse(attention.decode(kernels, Teams.of(2)), prefilled))
                        .as("position %s", position).isLessThanOrEqualTo(BOUND);
            }
        }
    }
}
