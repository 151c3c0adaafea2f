package io.alisa.sparse;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.Comparator;
import java.util.Random;
import java.util.stream.IntStream;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TopTokensTest {
    private static final int UNTOUCHED = -7;
    private static final int ROOM = 2500;
    private static final float[] EXTREMES = {Float.NEGATIVE_INFINITY, -Float.MAX_VALUE, 0, Float.MIN_VALUE,
            Float.POSITIVE_INFINITY};

    private final TopTokens top = new TopTokens();

    @ParameterizedTest
    @ValueSource(strings = {"wide", "near", "tied", "signed zeros", "extreme"})
    void findsWhatSortingFinds(String values) {
        Random random = new Random(values.hashCode());
        for (int i = 0; i < 200; i++) {
            float[] importance = new float[1 + random.nextInt(i < 100 ? 20 : ROOM - 1)];
            for (int j = 0; j < importance.length; j++) {
                importance[j] = value(values, random);
            }
            int from = random.nextInt(importance.length);
            int end = from + random.nextInt(importance.length - from + 1);
            check(importance, from, end, random.nextInt(end - from + 2));
        }
    }

    private static float value(String kind, Random random) {
        return switch (kind) {
            case "wide" -> (float) (random.nextGaussian() * Math.exp(20 * random.nextGaussian()));
            case "near" -> 1 + random.nextInt(40) * 0x1p-23f;
            case "tied" -> random.nextInt(3);
            case "signed zeros" -> random.nextBoolean() ? 0f : -0f;
            default -> EXTREMES[random.nextInt(EXTREMES.length)];
        };
    }

    private void check(float[] importance, int from, int end, int k) {
        int[] expected = IntStream.range(from, end).boxed()
                .sorted(Comparator.comparingDouble((Integer p) -> -(importance[p] + 0f))
                        .thenComparing(Comparator.reverseOrder()))
                .limit(k).mapToInt(p -> p).sorted().toArray();
        int[] out = IntStream.generate(() -> UNTOUCHED).limit(expected.length + 1).toArray();
        assertThat(top.select(importance, from, end, k, out)).isEqualTo(expected.length);
        assertThat(Arrays.copyOf(out, expected.length)).isEqualTo(expected);
        assertThat(out).endsWith(UNTOUCHED);
    }

    @Test
    void nothingIsFoundWhereNothingIsAskedFor() {
        int[] none = {};
        assertThat(top.select(new float[3], 0, 3, 0, none)).isZero();
        assertThat(top.select(new float[3], 2, 2, 5, none)).isZero();
        assertThat(top.select(new float[3], 3, 1, 5, none)).isZero();
        assertThat(top.select(new float[3], 0, 3, -1, none)).isZero();
    }

    @Test
    void needsNoRoomBeyondTheLast() {
        int[] out = new int[2];
        assertThat(top.select(new float[]{5, 1, 7, 1}, 0, 4, 2, out)).isEqualTo(2);
        assertThat(out).containsExactly(0, 2);
    }
}
