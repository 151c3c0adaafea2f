package io.alisa.sparse;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;

import io.alisa.attention.AttentionKernels;
import io.alisa.attention.AttentionShape;
import io.alisa.attention.ScalarKernels;
import io.alisa.attention.Teams;
import io.alisa.attention.Tokens;
import io.alisa.attention.VectorKernels;
import io.alisa.cache.KvFormat;
import io.alisa.cache.ScaleCode;
import io.alisa.memory.OffHeap;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What the default policy chooses and how it weighs the rest, by its definition over the sketches as they are stored. */
class SketchSelectorTest {
    private static final int SINKS = 4;
    /** One in so many of the freely chosen may be missing. */
    private static final int NEARLY = 64;

    static List<AttentionKernels> kernels() {
        return List.of(new ScalarKernels(), new VectorKernels());
    }

    private static final List<AttentionShape> SHAPES = List.of(new AttentionShape(2, 4, 64, 0),
            new AttentionShape(1, 3, 31, 0), new AttentionShape(2, 1, 80, 8), new AttentionShape(1, 8, 128, 0),
            new AttentionShape(2, 2, 8, 2));

    @ParameterizedTest
    @MethodSource("kernels")
    void choosesTheBestAndWeighsTheRest(AttentionKernels kernels) {
        Random random = new Random(1);
        for (AttentionShape shape : SHAPES) {
            for (int prompt : new int[]{100, 127, 190, 700, 1999}) {
                Budget budget = new Budget(List.of(0.03, 0.1, 0.2, 0.5, 0.9).get(random.nextInt(5)), 0);
                try (SparseRun run = new SparseRun("swa", budget, shape, KvFormat.INT8, kernels, Teams.of(2),
                        Tokens.random(shape.headSize(), 2, random.nextLong()))) {
                    run.session.feed(0, prompt);
                    for (int step = 0; step < 2; step++) {
                        run.step();
                        for (int kvHead = 0; kvHead < shape.kvHeads(); kvHead++) {
                            check(run, kvHead, budget, "%s, %s after %d".formatted(shape, budget, prompt));
                        }
                    }
                }
            }
        }
    }

    /** Whatever the budget, and however full the newest block is: a token is attended, or its block is estimated with it. */
    @ParameterizedTest
    @MethodSource("kernels")
    void losesNoToken(AttentionKernels kernels) {
        AttentionShape shape = new AttentionShape(2, 4, 64, 0);
        for (double ratio : new double[]{0.001, 0.05, 0.2}) {
            for (int tokens : new int[]{5, 64, 65, 129, 256, 300, 319, 320, 321, 1000, 1279}) {
                try (SparseRun run = new SparseRun("swa", new Budget(ratio, 0), shape, KvFormat.INT8, kernels,
                        Teams.of(2), Tokens.random(shape.headSize(), 0.1, tokens))) {
                    run.session.feed(0, tokens - 1);
                    run.step();
                    for (int kvHead = 0; kvHead < shape.kvHeads(); kvHead++) {
                        boolean[] attended = new boolean[tokens];
                        Arrays.stream(run.selected(kvHead)).forEach(position -> attended[position] = true);
                        for (int position = 0; position < tokens; position++) {
                            assertThat(attended[position] || isEstimated(run, kvHead, position / 64))
                                    .as("r = %s, %s tokens, token %s", ratio, tokens, position).isTrue();
                        }
                    }
                }
            }
        }
    }

    private static boolean isEstimated(SparseRun run, int kvHead, int block) {
        return block < run.skipped().blocks() && run.skipped().weights()[run.skipped().index(kvHead, 0) + block] > 0;
    }

    private static void check(SparseRun run, int kvHead, Budget budget, String name) {
        AttentionShape shape = run.session.shape;
        int tokens = run.layer().tokens();
        int[] selected = run.selected(kvHead);
        int total = budget.total(tokens);
        int windowStart = tokens - Math.max(1, total / 4);
        int free = total - Math.max(1, total / 4) - SINKS;
        assertThat(selected).as(name).hasSizeBetween(total - Math.max(0, free / NEARLY), total).isSorted()
                .doesNotHaveDuplicates();
        boolean[] chosen = new boolean[tokens];
        for (int position : selected) {
            chosen[position] = true;
        }
        for (int position = windowStart; position < tokens; position++) {
            assertThat(chosen[position]).as("%s: window, %s", name, position).isTrue();
        }
        for (int position = 0; position < Math.min(SINKS, total - (tokens - windowStart)); position++) {
            assertThat(chosen[position]).as("%s: sink, %s", name, position).isTrue();
        }
        Estimates estimates = new Estimates(run, kvHead, windowStart);
        double least = Double.POSITIVE_INFINITY;
        double most = Double.NEGATIVE_INFINITY;
        for (int position = SINKS; position < windowStart; position++) {
            double importance = estimates.importance(position);
            if (chosen[position]) {
                least = Math.min(least, importance);
            } else {
                most = Math.max(most, importance);
            }
        }
        assertThat(least).as("%s: least important of the chosen, most important of the rest", name)
                .isGreaterThanOrEqualTo(most - 2 * estimates.error);
        checkMass(run, kvHead, shape, chosen, estimates, name);
    }

    private static void checkMass(SparseRun run, int kvHead, AttentionShape shape, boolean[] chosen,
            Estimates estimates, String name) {
        for (int g = 0; g < shape.groupSize(); g++) {
            double reference = estimates.best[g];
            if (weighs(run, kvHead, g)) {
                reference = run.skipped().reference(kvHead, g);
                assertThat(reference).as(name).isCloseTo(estimates.best[g], within(estimates.error));
            } else {
                assertThat(run.skipped().reference(kvHead, g)).as(name).isEqualTo(Float.NEGATIVE_INFINITY);
            }
            for (int block = 0; block < run.skipped().blocks(); block++) {
                double mass = 0;
                for (int i = 64 * block; i < Math.min(64 * block + 64, estimates.scores[g].length); i++) {
                    mass += chosen[i] ? 0 : Math.exp(estimates.scores[g][i] - reference);
                }
                // A weight is meant to within 3 percent of what is estimated.
                double bound = mass * (1.04 * Math.exp(estimates.error) - 1) + 1e-6;
                assertThat((double) run.skipped().weights()[run.skipped().index(kvHead, g) + block])
                        .as("%s, block %s", name, block)
                        .isCloseTo(mass, within(bound));
            }
        }
    }

    private static boolean weighs(SparseRun run, int kvHead, int g) {
        int from = run.skipped().index(kvHead, g);
        return IntStream.range(from, from + run.skipped().blocks()).anyMatch(i -> run.skipped().weights()[i] > 0);
    }

    /** Estimated scores in double precision, straight from the picture in {@link io.alisa.cache.SketchLayout}. */
    private static final class Estimates {
        final double[][] scores;
        final double[] best;
        final int end;
        /** By how much the estimates in bytes may differ. */
        double error;

        Estimates(SparseRun run, int kvHead, int windowStart) {
            AttentionShape shape = run.session.shape;
            int blocks = Math.min(run.session.digest().blocks(), (windowStart + 63) / 64);
            end = 64 * blocks;
            scores = new double[shape.groupSize()][Math.max(windowStart, end)];
            best = new double[shape.groupSize()];
            for (int g = 0; g < shape.groupSize(); g++) {
                int row = shape.row(kvHead, 0, g, 1) * shape.rowStride();
                float[] query = Arrays.copyOfRange(run.session.queries, row, row + shape.headSize());
                for (int position = 0; position < scores[g].length; position++) {
                    scores[g][position] = cap(position < end
                            ? sketched(run, kvHead, position, query)
                            : dot(query, run.session.seenKey(position, kvHead, run.layer().tokens() - 1)), shape);
                }
                best[g] = Arrays.stream(scores[g]).max().orElseThrow();
            }
        }

        private static double cap(double score, AttentionShape shape) {
            return shape.softCap() == 0 ? score : shape.softCap() * Math.tanh(score / shape.softCap());
        }

        private double sketched(SparseRun run, int kvHead, int position, float[] query) {
            float[] mean = new float[query.length];
            run.session.digest().means().rows().readKey(position / 64, kvHead, mean);
            long sketch = run.session.digest().sketch(position / 64, kvHead);
            long lines = (query.length + 3L) / 4;
            double magnitude = ScaleCode.decode(OffHeap.getByte(sketch + 64 * lines + position % 64));
            double levels = 0;
            double largest = 0;
            for (int c = 0; c < query.length; c++) {
                int code = (OffHeap.getByte(sketch + 64L * (c / 4) + position % 64) >> (2 * (c % 4))) & 3;
                levels += query[c] * (code - 1.5);
                largest = Math.max(largest, Math.abs(query[c]));
            }
            // Half a unit per pair of channels, 31 units are the largest pair's worth; errors add up like noise.
            error = Math.max(error, magnitude * 3 * largest / 31 * 0.3 * Math.sqrt(query.length / 2.0) * 4 + 1e-4);
            return dot(query, mean) + magnitude * levels;
        }

        private static double dot(float[] a, float[] b) {
            double sum = 0;
            for (int i = 0; i < a.length; i++) {
                sum += (double) a[i] * b[i];
            }
            return sum;
        }

        double importance(int position) {
            double importance = Double.NEGATIVE_INFINITY;
            for (int g = 0; g < scores.length; g++) {
                importance = Math.max(importance, scores[g][position] - best[g]);
            }
            return importance;
        }
    }
}
