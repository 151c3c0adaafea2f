package io.alisa.sparse;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;

import io.alisa.attention.AttentionKernels;
import io.alisa.attention.AttentionShape;
import io.alisa.attention.FakeDevice;
import io.alisa.attention.Formula;
import io.alisa.attention.ScalarKernels;
import io.alisa.attention.Teams;
import io.alisa.attention.Tokens;
import io.alisa.attention.VectorKernels;
import io.alisa.cache.KvFormat;
import io.alisa.device.DeviceTier;
import io.alisa.tier.MemoryBudget;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Sparse steps say what the formula says about the tokens that were chosen, whatever the policy chose. */
class SparseAttentionTest {
    private static final double BOUND = 1e-9;
    private static final List<String> POLICIES = List.of("swa", "swa-paper", "h2o", "streaming-llm", "local", "strided",
            "dense");
    private static final List<AttentionShape> SHAPES = List.of(new AttentionShape(2, 4, 64, 0),
            new AttentionShape(1, 3, 31, 0), new AttentionShape(3, 1, 80, 8), new AttentionShape(1, 8, 128, 0),
            new AttentionShape(2, 2, 8, 0), new AttentionShape(1, 1, 32, 30));
    private static final int[] PROMPTS = {1, 6, 62, 63, 64, 126, 127, 190, 700};

    /** Which policy, in which format. */
    record Case(String policy, KvFormat format) {
    }

    static List<Case> cases() {
        List<Case> cases = new ArrayList<>();
        for (String policy : POLICIES) {
            cases.add(new Case(policy, KvFormat.F32));
            cases.add(new Case(policy, KvFormat.INT8));
        }
        return cases;
    }

    private static SparseRun run(Case c, double ratio, AttentionShape shape, int threads, double spread, long seed) {
        AttentionKernels kernels = seed % 3 == 0 ? new ScalarKernels() : new VectorKernels();
        return new SparseRun(c.policy(), new Budget(ratio, 0), shape, c.format(), kernels, Teams.of(threads),
                Tokens.random(shape.headSize(), spread, seed));
    }

    @ParameterizedTest
    @MethodSource("cases")
    void saysWhatTheFormulaSays(Case c) {
        int seed = 0;
        for (int prompt : PROMPTS) {
            AttentionShape shape = SHAPES.get(seed % SHAPES.size());
            for (double ratio : new double[]{0.02, 0.2, 0.7}) {
                seed++;
                try (SparseRun run = run(c, ratio, shape, 1 + seed % 3, 2, seed)) {
                    run.prompt(0, prompt);
                    for (int step = 0; step < 4; step++) {
                        float[] output = run.step();
                        assertThat(Formula.nmse(output, run.expected())).as("%s, %s, %s after %s", shape, ratio, step,
                                prompt).isLessThanOrEqualTo(BOUND);
                    }
                }
            }
        }
    }

    /** Scores far from zero: nothing is relative to a score of zero. */
    @ParameterizedTest
    @ValueSource(strings = {"swa", "swa-paper", "local"})
    void farScoresDoNotVanish(String policy) {
        AttentionShape shape = new AttentionShape(2, 2, 32, 0);
        Tokens random = Tokens.random(32, 2, 1);
        float[] direction = Tokens.normal(32, 1, 9, 9, 9, 9);
        Tokens shifted = new Tokens() {
            @Override
            public float[] key(int position, int kvHead) {
                return plus(random.key(position, kvHead), direction, 3);
            }

            @Override
            public float[] value(int position, int kvHead) {
                return random.value(position, kvHead);
            }

            @Override
            public float[] query(int position, int kvHead, int headOfGroup) {
                return plus(random.query(position, kvHead, headOfGroup), direction, -2); // scores about -190
            }
        };
        for (double ratio : new double[]{0.01, 0.03, 0.2}) {
            try (SparseRun run = new SparseRun(policy, new Budget(ratio, 0), shape, KvFormat.INT8, new VectorKernels(),
                    Teams.of(2), shifted)) {
                run.prompt(0, 130);
                float[] output = run.step();
                assertThat(Formula.nmse(output, run.expected())).as("at %s", ratio).isLessThanOrEqualTo(BOUND);
            }
        }
    }

    /**
     * A key of which one channel holds nearly all: two bits say of each of the others that it is half as large as the key is
     * on average. A query along those expects a score of some 300, and there is one of 40.
     */
    private static Tokens overrated() {
        Tokens random = Tokens.random(64, 1, 5);
        return new Tokens() {
            @Override
            public float[] key(int position, int kvHead) {
                float[] key = new float[64];
                if (position == 70 && kvHead == 0) {
                    Arrays.fill(key, 0.16f);
                    key[0] = 20;
                }
                return kvHead == 0 ? key : random.key(position, kvHead);
            }

            @Override
            public float[] value(int position, int kvHead) {
                return random.value(position, kvHead);
            }

            @Override
            public float[] query(int position, int kvHead, int headOfGroup) {
                if (kvHead != 0) {
                    return random.query(position, kvHead, headOfGroup);
                }
                float[] query = new float[64];
                Arrays.fill(query, 1, 64, 4f);
                return query;
            }
        };
    }

    @ParameterizedTest
    @MethodSource("kernels")
    void anEstimateFarAboveAllScoresHarmsNobody(AttentionKernels kernels) {
        AttentionShape shape = new AttentionShape(2, 2, 64, 0);
        for (double ratio : new double[]{0.1, 0.9}) {
            try (SparseRun run = new SparseRun("swa", new Budget(ratio, 0), shape, KvFormat.INT8, kernels,
                    Teams.of(2), overrated())) {
                run.prompt(0, 340);
                float[] output = run.step();
                assertThat(run.selected(0)).as("it is the best, by the estimates").contains(70);
                assertThat(Formula.nmse(output, run.expected())).as("at %s", ratio).isLessThanOrEqualTo(BOUND);
            }
        }
    }

    static List<AttentionKernels> kernels() {
        return List.of(new ScalarKernels(), new VectorKernels());
    }

    /** Nor where a device estimates. */
    @Test
    void aDevicesEstimateFarAboveAllScoresHarmsNobody() {
        AttentionShape shape = new AttentionShape(2, 2, 64, 0);
        MemoryBudget budget = MemoryBudget.unlimited();
        FakeDevice device = new FakeDevice(budget);
        try (SparseRun run = new SparseRun("swa", new Budget(0.9, 0), shape, KvFormat.INT8, new VectorKernels(),
                Teams.of(2), overrated())) {
            run.session.kv.useDevice(new DeviceTier(device, budget, warning -> {
                throw new AssertionError(warning);
            }), shape.onDevice(run.session.kv.layout()));
            run.session.feed(0, 340);
            float[] output = run.step();
            assertThat(device.selections()).as("it was asked").isEqualTo(1);
            assertThat(run.selected(0)).contains(70);
            assertThat(Formula.nmse(output, run.expected())).isLessThanOrEqualTo(BOUND);
        }
        device.close();
    }

    private static float[] plus(float[] x, float[] direction, float factor) {
        for (int i = 0; i < x.length; i++) {
            x[i] += factor * direction[i];
        }
        return x;
    }

    @ParameterizedTest
    @MethodSource("cases")
    void theNumberOfThreadsDoesNotMatter(Case c) {
        AttentionShape shape = new AttentionShape(3, 2, 40, 0);
        List<float[]> first = outputs(c, shape, 1);
        assertThat(outputs(c, shape, 2)).usingRecursiveComparison().isEqualTo(first);
        assertThat(outputs(c, shape, 3)).usingRecursiveComparison().isEqualTo(first);
    }

    private static List<float[]> outputs(Case c, AttentionShape shape, int threads) {
        List<float[]> outputs = new ArrayList<>();
        try (SparseRun run = run(c, 0.8, shape, threads, 2, 1)) {
            run.prompt(0, 800); // more than one span of 512
            for (int step = 0; step < 5; step++) {
                outputs.add(run.step());
            }
        }
        return outputs;
    }

    @ParameterizedTest
    @MethodSource("cases")
    void whereEverythingIsSelectedItIsDenseAttention(Case c) {
        for (AttentionShape shape : SHAPES) {
            for (int tokens : new int[]{2, 64, 66, 192, 600}) {
                try (SparseRun run = run(c, 1, shape, 2, 2, tokens)) {
                    run.prompt(0, tokens - 1);
                    float[] output = run.step();
                    // The default may miss one in 64 of those it may choose, and estimates them.
                    boolean all = !c.policy().equals("swa");
                    assertThat(run.selected(0)).hasSizeBetween(all ? tokens : tokens - tokens / 64, tokens);
                    assertThat(Formula.nmse(run.session.attend(), doubles(output))).as("%s, %s", shape, tokens)
                            .isLessThanOrEqualTo(all || tokens < 64 ? BOUND : 1e-3);
                }
            }
        }
    }

    private static double[] doubles(float[] floats) {
        return IntStream.range(0, floats.length).mapToDouble(i -> floats[i]).toArray();
    }

    /** With the estimate of what is skipped the default is close to dense attention, and closer the more it attends. */
    @Test
    void theDefaultComesCloseToDenseAttention() {
        double last = 1;
        for (double ratio : new double[]{0.1, 0.3, 0.6, 0.95}) {
            double sum = 0;
            try (SparseRun run = run(new Case("swa", KvFormat.INT8), ratio, SHAPES.get(0), 2, 2, 4)) {
                run.prompt(0, 640);
                for (int step = 0; step < 10; step++) {
                    float[] output = run.step();
                    sum += Formula.nmse(output, doubles(run.session.attend()));
                }
            }
            assertThat(sum / 10).as("error at %s", ratio).isLessThan(last);
            last = sum / 10;
        }
        assertThat(last).isLessThan(1e-3);
    }

    @ParameterizedTest
    @ValueSource(strings = {"swa", "swa-paper", "h2o", "strided", "local"})
    void recalledTokensAreCounted(String policy) {
        AttentionShape shape = new AttentionShape(2, 2, 32, 0);
        List<Set<Integer>> before = List.of(new HashSet<>(), new HashSet<>());
        int known = 0;
        int all = 0;
        try (SparseRun run = run(new Case(policy, KvFormat.INT8), 0.2, shape, 2, 2, 1)) {
            run.prompt(0, 200);
            for (int step = 0; step < 200; step++) {
                int position = step == 100 ? 150 : run.layer().tokens(); // the host goes back once
                run.stepAt(position);
                int recalled = 0;
                for (int kvHead = 0; kvHead < 2; kvHead++) {
                    Set<Integer> now = new HashSet<>();
                    for (int token : run.selected(kvHead)) {
                        now.add(token);
                        if (token < known && !before.get(kvHead).contains(token)) {
                            recalled++;
                        }
                    }
                    before.get(kvHead).clear();
                    before.get(kvHead).addAll(now);
                }
                known = position + 1;
                assertThat(run.attention.recalled()).as("step %s", step).isEqualTo(recalled);
                all += recalled;
            }
        }
        if (policy.equals("swa")) {
            assertThat(all).isPositive();
        } else if (policy.equals("local")) {
            assertThat(all).as("but for going back, a window recalls nothing").isLessThan(200);
        }
    }

    /** A dense step or a batch attends everything: what is attended behind it has not been left out. */
    @ParameterizedTest
    @EnumSource(value = KvFormat.class, names = {"F32", "INT8"})
    void nothingIsRecalledAfterAllWasAttended(KvFormat format) {
        AttentionShape shape = new AttentionShape(2, 2, 32, 0);
        try (SparseRun run = run(new Case("swa", format), 0.2, shape, 1, 3, 2)) {
            run.prompt(0, 300);
            run.step();
            assertThat(run.attention.recalled()).as("after the prompt").isZero();
            run.step();
            assertThat(run.attention.recalled()).as("after a sparse step").isPositive();
            run.attention.observeDense(run.layer(), run.session.queries);
            run.step();
            assertThat(run.attention.recalled()).as("after a dense step").isZero();
            run.step();
            int tokens = run.layer().tokens();
            run.session.settle();
            run.prompt(tokens, tokens + 20);
            run.step();
            assertThat(run.attention.recalled()).as("after a batch").isZero();
        }
    }
}
