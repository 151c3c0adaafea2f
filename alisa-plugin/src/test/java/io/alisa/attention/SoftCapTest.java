package io.alisa.attention;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import java.util.Random;

import io.alisa.Allocation;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Capped scores: the same bits in every implementation, and those of the formula but for the last ones. */
class SoftCapTest {
    private static final long SEED = 20_261_204;
    private static final int SCORES = 1 << 19;
    /** What {@link SoftCap} promises. */
    private static final double RELATIVE_ERROR = 3e-7;

    static List<SelectionKernels> kernels() {
        return List.of(new ScalarSelectionKernels(), new VectorSelectionKernels());
    }

    /**
     * A third like scores, a third close to where the function passes from one branch to the next, a third any floats;
     * and the edges of all that.
     */
    private static float[] scores(float softCap) {
        Random random = new Random(SEED + Float.floatToIntBits(softCap));
        float[] scores = new float[SCORES];
        for (int i = 0; i < scores.length; i++) {
            float near = softCap * switch (random.nextInt(3)) {
                case 0 -> 0.625f;
                case 1 -> 43.5f;
                default -> 0.3465736f * (random.nextInt(1, 125) + 0.5f); // where e^-2x takes another power of two
            };
            scores[i] = switch (i % 3) {
                case 0 -> (float) (softCap * random.nextGaussian() * Math.exp(3 * random.nextGaussian()));
                case 1 -> Float.intBitsToFloat(Float.floatToIntBits(near) + random.nextInt(-64, 65))
                        * (random.nextBoolean() ? 1 : -1);
                default -> Float.intBitsToFloat(random.nextInt());
            };
        }
        float[] edges = {0f, Float.MIN_VALUE, Float.MIN_NORMAL, 1e-20f, 0.625f * softCap, 43.5f * softCap, softCap,
                1e30f, Float.MAX_VALUE, Float.POSITIVE_INFINITY, Float.NaN};
        for (int i = 0; i < edges.length; i++) {
            scores[2 * i] = edges[i];
            scores[2 * i + 1] = -edges[i];
        }
        return scores;
    }

    private static float[] capped(SelectionKernels kernels, float[] scores, int from, int count, float softCap) {
        float[] capped = scores.clone();
        kernels.cap(capped, from, count, softCap);
        return capped;
    }

    private static int[] bits(float[] floats) {
        int[] bits = new int[floats.length];
        Arrays.setAll(bits, i -> Float.floatToRawIntBits(floats[i]));
        return bits;
    }

    @ParameterizedTest
    @ValueSource(floats = {50, 30, 1, 0.37f, 1e-30f, 1e30f})
    void bothKernelsFindTheSameBits(float softCap) {
        float[] scores = scores(softCap);
        assertThat(bits(capped(new VectorSelectionKernels(), scores, 0, SCORES, softCap)))
                .isEqualTo(bits(capped(new ScalarSelectionKernels(), scores, 0, SCORES, softCap)));
    }

    @Test
    void anyRangeIsCappedAndNothingAroundIt() {
        float[] scores = scores(50);
        for (int from : new int[]{0, 1, 5}) {
            for (int count = 0; count < 70; count++) {
                float[] head = Arrays.copyOf(scores, 80);
                float[] expected = head.clone();
                for (int i = from; i < from + count; i++) {
                    expected[i] = SoftCap.cap(head[i], 50);
                }
                for (SelectionKernels kernels : kernels()) {
                    assertThat(bits(capped(kernels, head, from, count, 50))).as("%s from %s", count, from)
                            .isEqualTo(bits(expected));
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(floats = {50, 30, 1, 0.37f, 1e-30f, 1e30f})
    void isTheFormulaButForTheLastBits(float softCap) {
        float[] scores = scores(softCap);
        float[] capped = capped(new ScalarSelectionKernels(), scores, 0, SCORES, softCap);
        double worst = 0; // in units of what is allowed
        for (int i = 0; i < SCORES; i++) {
            if (Float.isFinite(scores[i])) {
                double exact = softCap * Math.tanh(scores[i] / (double) softCap);
                double allowed = RELATIVE_ERROR * Math.abs(exact) + (softCap + 1) * 0x1p-150;
                double error = Math.abs(capped[i] - exact) / allowed;
                assertThat(Math.abs(capped[i])).as("%s capped", scores[i]).isLessThanOrEqualTo(softCap);
                worst = Math.max(worst, Double.isNaN(error) ? Double.POSITIVE_INFINITY : error);
            }
        }
        assertThat(worst).isLessThanOrEqualTo(1);
    }

    /** A token that does not exist must not be taken for one that scores as low as the cap lets it. */
    @ParameterizedTest
    @MethodSource("kernels")
    void tokensThatDoNotExistStayWithoutScore(SelectionKernels kernels) {
        float[] scores = new float[37];
        Arrays.fill(scores, Float.NEGATIVE_INFINITY);
        scores[3] = -Float.MAX_VALUE;
        scores[4] = Float.POSITIVE_INFINITY;
        scores[5] = Float.NaN;
        float[] expected = scores.clone();
        expected[3] = -50;
        expected[4] = 50;
        assertThat(bits(capped(kernels, scores, 0, scores.length, 50))).isEqualTo(bits(expected));
    }

    @Tag(Allocation.TAG)
    @Test
    void cappingAllocatesNothing() {
        SelectionKernels kernels = new VectorSelectionKernels();
        float[] scores = Arrays.copyOf(scores(50), 1000);
        Allocation.assertNoneAfterAWhile(() -> {
            for (int i = 0; i < 100; i++) {
                kernels.cap(scores, 0, scores.length, 50);
            }
        });
    }
}
