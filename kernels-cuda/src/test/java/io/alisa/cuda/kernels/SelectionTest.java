package io.alisa.cuda.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;

import io.alisa.cache.KvLayout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Estimates, exact selection and the skipped mass. */
class SelectionTest {
    private static final long SEED = 20261123;
    private static final int TOKENS = KvLayout.BLOCK_TOKENS;

    /** Columns: KV heads, group, head size, tokens, start of the window, wanted, soft cap, magnitude of queries. */
    @ParameterizedTest
    @CsvSource({"1, 1, 32, 200, 150, 20, 0, 0.3", "2, 4, 64, 5000, 4700, 800, 0, 0.3", "2, 5, 80, 700, 690, 64, 0, 0.2",
            "1, 16, 20, 650, 600, 600, 0, 0.5", "2, 3, 128, 66, 65, 10, 0, 0.1", "1, 8, 256, 900, 899, 1, 30, 0.1",
            "1, 2, 64, 1000, 200, 100, 50, 1", "2, 2, 64, 640, 512, 0, 0, 0.3", "1, 2, 64, 4200, 4000, 300, 0, 0",
            "1, 1, 64, 4200, 4000, 700, 0, 30", "1, 2, 33, 70, 0, 0, 0, 1", "1, 4, 96, 8300, 8200, 8196, 0, 1"})
    void selectsTheMostImportantTokens(int kvHeads, int group, int headSize, int tokens, int windowStart, int wanted,
            float softCap, double magnitude) {
        try (Arena arena = Arena.ofConfined()) {
            SelectionRun run = new SelectionRun(arena, new Random(SEED), kvHeads, group, headSize, tokens, windowStart,
                    wanted, softCap, magnitude);
            run.launchAll();
            assertThat(run.isWorkZero()).isTrue();
            for (int kvHead = 0; kvHead < kvHeads; kvHead++) {
                if (wanted > 0) {
                    checkEstimates(run, kvHead);
                }
                checkSelection(run, kvHead);
                checkMass(run, kvHead);
            }
            checkSkipped(run, 3);
            run.launchAll(); // once more, over what the first run left
            checkSelection(run, kvHeads - 1);
        }
    }

    private static void checkEstimates(SelectionRun run, int kvHead) {
        float[] actual = run.estimates(kvHead);
        float[][] expected = run.expectedEstimates(kvHead);
        for (int g = 0; g < run.group; g++) {
            float largest = 0;
            for (float score : expected[g]) {
                largest = Math.max(largest, Float.isInfinite(score) ? 0 : Math.abs(score));
            }
            for (int t = 0; t < expected[g].length; t++) {
                float score = actual[g * run.tokenStride + t];
                if (Float.isInfinite(expected[g][t])) {
                    assertThat(score).isEqualTo(expected[g][t]);
                } else {
                    // Whole numbers are the same; a mean key's score is summed up in another order.
                    assertThat(score).as("head %d token %d", g, t).isCloseTo(expected[g][t],
                            within(1e-5f * largest + 1e-6f * run.softCap));
                }
            }
        }
    }

    /** From the kernel's own estimates: the best by sorting. */
    private static void checkSelection(SelectionRun run, int kvHead) {
        boolean[] attended = new boolean[KvLayout.blocks(run.tokens) * TOKENS];
        for (int t = 0; t < run.tokens; t++) {
            attended[t] = t < run.sinks || t >= run.windowStart || run.isPinned(t);
        }
        if (run.wanted > 0) {
            int scored = run.scoredBlocks * TOKENS;
            float[] importance = new float[scored];
            float[] best = new float[run.group];
            Arrays.fill(best, Float.NEGATIVE_INFINITY);
            SelectionRun.selectionKernels().best(run.estimates(kvHead), run.group, run.tokenStride, 0, scored, best);
            SelectionRun.selectionKernels().importance(run.estimates(kvHead), run.group, run.tokenStride, scored, best,
                    importance);
            List<Integer> order = IntStream.range(run.sinks, run.windowStart).filter(t -> !run.isPinned(t)).boxed()
                    .sorted(Comparator.comparingDouble((Integer t) -> -(double) importance[t])
                            .thenComparing(Comparator.reverseOrder()))
                    .toList();
            order.stream().limit(run.wanted).forEach(t -> attended[t] = true);
        }
        for (int block = 0; block < KvLayout.blocks(run.tokens); block++) {
            long word = 0;
            for (int t = 0; t < TOKENS; t++) {
                word |= attended[block * TOKENS + t] ? 1L << t : 0;
            }
            assertThat(Long.toHexString(run.word(kvHead, block))).as("block %d", block)
                    .isEqualTo(Long.toHexString(word));
        }
    }

    private static void checkMass(SelectionRun run, int kvHead) {
        float[] estimates = run.estimates(kvHead);
        float[] expected = new float[run.digestBlocks];
        long[] words = IntStream.range(0, KvLayout.blocks(run.tokens)).mapToLong(block -> run.word(kvHead, block))
                .toArray();
        for (int g = 0; g < run.group; g++) {
            float best = Float.NEGATIVE_INFINITY;
            if (run.wanted > 0) {
                for (int t = 0; t < run.scoredBlocks * TOKENS; t++) {
                    best = Math.max(best, estimates[g * run.tokenStride + t]);
                }
                float[] row = Arrays.copyOfRange(estimates, g * run.tokenStride, (g + 1) * run.tokenStride);
                SelectionRun.selectionKernels().skippedMass(row, 1, run.tokenStride,
                        Math.min(run.digestBlocks, run.scoredBlocks), new float[]{best}, words, expected, 0, 0);
            }
            assertThat(run.reference(kvHead, g)).isEqualTo(best);
            for (int block = 0; block < run.digestBlocks; block++) {
                assertThat(run.mass(kvHead, g, block)).isCloseTo(expected[block],
                        within(1e-5f * (1e-3f + expected[block])));
            }
        }
    }

    private static void checkSkipped(SelectionRun run, int splits) {
        MemorySegment partials = run.launchSkipped(splits);
        int floats = AttendRun.HEAD + KvLayout.int8RowBytes(run.headSize);
        for (int row = 0; row < run.kvHeads * run.group; row++) {
            int kvHead = row / run.group;
            double[] expected = new double[1 + run.headSize];
            double[] magnitude = new double[1 + run.headSize];
            for (int block = 0; block < run.digestBlocks; block++) {
                double mass = run.mass(kvHead, row % run.group, block);
                for (int c = 0; c <= run.headSize; c++) {
                    double x = mass * (c == 0 ? 1 : run.meanValue(block, kvHead, c - 1));
                    expected[c] += x;
                    magnitude[c] += Math.abs(x);
                }
            }
            for (int c = 0; c <= run.headSize; c++) {
                double sum = 0;
                for (int split = 0; split < splits; split++) {
                    long at = (long) (row * splits + split) * floats;
                    assertThat(partials.getAtIndex(ValueLayout.JAVA_FLOAT, at))
                            .isEqualTo(run.reference(kvHead, row % run.group));
                    sum += partials.getAtIndex(ValueLayout.JAVA_FLOAT, at + (c == 0 ? 1 : AttendRun.HEAD + c - 1));
                }
                assertThat(sum).isCloseTo(expected[c], within(1e-5 * magnitude[c]));
            }
        }
    }
}
