package io.alisa.sparse;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.Random;
import java.util.function.IntToDoubleFunction;

import io.alisa.attention.ScalarKernels;
import io.alisa.attention.SelectionKernels;
import io.alisa.cache.KvLayout;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Thresholds, by sorting. */
class ThresholdSearchTest {
    private static final int NEARLY = 64;

    private final SelectionKernels kernels = SelectionKernels.beside(new ScalarKernels());

    /** How important tokens are. */
    enum Spread {
        NORMAL,
        /** A few matter, the others hardly. */
        PEAKED,
        EVEN,
        /** Tokens of the blocks that a sample sees are others than the rest. */
        MISLEADING,
        /** Whole blocks are alike. */
        STEPS,
        /** Half of the tokens are further off than thresholds reach. */
        FAR,
        /** Tokens that may not be chosen. */
        HIDDEN;

        float[] tokens(int blocks, Random random) {
            IntToDoubleFunction importance = switch (this) {
                case NORMAL -> i -> 3 * random.nextGaussian();
                case PEAKED -> i -> 12 * Math.log(random.nextDouble() + 1e-9);
                case EVEN -> i -> 30 * random.nextDouble();
                case MISLEADING ->
                    i -> i / KvLayout.BLOCK_TOKENS % 8 == 0 ? random.nextDouble() : -20 * random.nextDouble();
                case STEPS -> i -> -(i / KvLayout.BLOCK_TOKENS % 7) - 1e-4 * random.nextDouble();
                case FAR -> i -> random.nextBoolean() ? -1000 * random.nextDouble() - 70 : 5 * random.nextGaussian();
                case HIDDEN -> i -> random.nextInt(5) == 0 ? Double.NEGATIVE_INFINITY : random.nextGaussian();
            };
            float[] tokens = new float[blocks * KvLayout.BLOCK_TOKENS];
            float best = Float.NEGATIVE_INFINITY;
            for (int i = 0; i < tokens.length; i++) {
                tokens[i] = (float) importance.applyAsDouble(i);
                best = Math.max(best, tokens[i]);
            }
            for (int i = 0; i < tokens.length; i++) {
                tokens[i] -= best;
            }
            return tokens;
        }
    }

    private static int count(float[] tokens, float threshold) {
        int count = 0;
        for (float token : tokens) {
            count += token >= threshold ? 1 : 0;
        }
        return count;
    }

    @ParameterizedTest
    @EnumSource
    void nearlyAsManyAsAreWantedReachIt(Spread spread) {
        Random random = new Random(spread.name().hashCode());
        ThresholdSearch search = new ThresholdSearch(kernels, NEARLY);
        for (int round = 0; round < 120; round++) {
            int blocks = 1 + random.nextInt(round % 3 == 0 ? 300 : 12);
            float[] tokens = spread.tokens(blocks, random);
            float[] sorted = tokens.clone();
            Arrays.sort(sorted);
            int within = count(tokens, -64);
            if (within == 0) {
                continue;
            }
            int wanted = 1 + random.nextInt(Math.max(1, within * 9 / 10));
            float threshold = search.find(tokens, blocks, wanted);
            if (Float.isNaN(threshold)) { // those next to it are as important, but for little
                assertThat(spread).isEqualTo(Spread.STEPS);
                float enough = sorted[sorted.length - wanted + wanted / NEARLY];
                float tooFew = wanted < sorted.length ? sorted[sorted.length - wanted - 1] : Float.NEGATIVE_INFINITY;
                assertThat(enough - tooFew).as("%s of %s", wanted, tokens.length).isLessThan(1e-4f);
            } else {
                assertThat(count(tokens, threshold)).as("%s blocks", blocks).isBetween(wanted - wanted / NEARLY,
                        wanted);
            }
        }
    }

    /** Where all tokens are alike none is told from the others. */
    @Test
    void equalTokensHaveNoThreshold() {
        float[] tokens = new float[40 * KvLayout.BLOCK_TOKENS];
        assertThat(new ThresholdSearch(kernels, NEARLY).find(tokens, 40, 1000)).isNaN();
    }

    /** It is why there is a search at all; what a sweep over every eighth block costs is an eighth. */
    @ParameterizedTest
    @EnumSource(value = Spread.class, names = {"NORMAL", "PEAKED", "EVEN"})
    void fewSweepsSuffice(Spread spread) {
        Random random = new Random(3);
        int blocks = 256;
        double[] sweeps = new double[1];
        SelectionKernels counting = new CountingKernels(kernels, step -> sweeps[0] += 1.0 / step);
        ThresholdSearch search = new ThresholdSearch(counting, NEARLY);
        int rounds = 40;
        for (int round = 0; round < rounds; round++) {
            search.find(spread.tokens(blocks, random), blocks, 600 + 60 * round);
        }
        assertThat(sweeps[0] / rounds).isLessThan(5);
    }

    /** The same importances give the same threshold, whatever was searched before. */
    @Test
    void nothingIsRemembered() {
        Random random = new Random(9);
        ThresholdSearch used = new ThresholdSearch(kernels, NEARLY);
        for (int round = 0; round < 20; round++) {
            float[] tokens = Spread.values()[round % 7].tokens(100, random);
            float found = new ThresholdSearch(kernels, NEARLY).find(tokens, 100, 700);
            assertThat(Float.floatToIntBits(used.find(tokens, 100, 700))).isEqualTo(Float.floatToIntBits(found));
        }
    }
}
