package io.alisa.attention;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

import io.alisa.cache.KvLayout;
import io.alisa.memory.OffHeap;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Attention on INT8 rows against the formula in double precision on the same dequantised values. */
class Int8AttentionTest {
    private static final double BOUND = 1e-10;
    private static final long SEED = 20_261_121;
    private static final int CASES = 120;

    static List<Int8Kernels> kernels() {
        return List.of(new ScalarKernels().int8(), new VectorKernels().int8());
    }

    private record Case(AttentionShape shape, int count, long seed) {
    }

    private static List<Case> sample() {
        Random random = new Random(SEED);
        Deck<Integer> headSizes = new Deck<>(random, List.of(8, 31, 32, 63, 64, 80, 96, 127, 128, 256));
        Deck<Integer> groups = new Deck<>(random, List.of(1, 2, 3, 4, 5, 7, 8, 16));
        Deck<Integer> counts = new Deck<>(random, List.of(1, 2, 15, 16, 17, 33, 63, 64, 64, 64));
        Deck<Float> softCaps = new Deck<>(random, List.of(0f, 30f));
        List<Case> cases = new ArrayList<>();
        for (int i = 0; i < CASES; i++) {
            cases.add(new Case(new AttentionShape(1, groups.deal(), headSizes.deal(), softCaps.deal()), counts.deal(),
                    random.nextLong()));
        }
        return cases;
    }

    @ParameterizedTest
    @MethodSource("kernels")
    void attendsBlocksAndGatheredRows(Int8Kernels kernels) {
        for (Case c : sample()) {
            for (double spread : new double[]{1, 20}) {
                try (RandomInt8 data = new RandomInt8(c.shape(), spread, c.seed())) {
                    Int8Rows gathered = data.gathered(c.count());
                    Int8Rows block = data.block(1, c.count());
                    Int8Rows others = data.gathered(KvLayout.BLOCK_TOKENS);
                    kernels.attend(data.tile, gathered);
                    kernels.attend(data.tile, block);
                    kernels.attend(data.tile, others);
                    assertThat(RandomAttention.nmse(data.output(), data.expected(gathered, block, others)))
                            .as("%s", c).isLessThanOrEqualTo(BOUND);
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("kernels")
    void scores(Int8Kernels kernels) {
        for (Case c : sample()) {
            try (RandomInt8 data = new RandomInt8(c.shape(), 5, c.seed())) {
                Int8Rows rows = data.gathered(c.count());
                kernels.score(data.tile, rows);
                for (int r = 0; r < c.shape().groupSize(); r++) {
                    for (int i = 0; i < KvLayout.BLOCK_TOKENS; i++) {
                        float score = data.tile.scores[r * KvLayout.BLOCK_TOKENS + i];
                        if (i >= c.count()) {
                            assertThat(score).as("%s row %s token %s", c, r, i).isEqualTo(Float.NEGATIVE_INFINITY);
                        } else {
                            assertThat((double) score).as("%s row %s token %s", c, r, i)
                                    .isCloseTo(data.score(rows, i, r), within(2e-5));
                        }
                    }
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("kernels")
    void dequantisesToTheLayoutOfF32(Int8Kernels kernels) {
        for (int headSize : new int[]{8, 31, 64, 80, 127}) {
            for (int count : new int[]{1, 63, 64}) {
                try (RandomInt8 data = new RandomInt8(new AttentionShape(1, 1, headSize, 0), 1, SEED);
                        Arena arena = Arena.ofConfined()) {
                    int stride = KvLayout.padded(headSize);
                    Int8Rows rows = data.gathered(count);
                    long keys = arena.allocate((long) headSize * KvLayout.BLOCK_TOKENS * Float.BYTES, 64).address();
                    long values = arena.allocate((long) stride * KvLayout.BLOCK_TOKENS * Float.BYTES, 64).address();
                    kernels.dequantise(rows, headSize, keys, values);
                    for (int i = 0; i < count; i++) {
                        for (int c = 0; c < stride; c++) {
                            float value = OffHeap.getFloat(values + (long) (i * stride + c) * Float.BYTES);
                            if (c >= headSize) {
                                assertThat(value).isFinite();
                                continue;
                            }
                            assertThat((double) value).isEqualTo(RandomInt8.value(rows, i, c));
                            assertThat((double) OffHeap
                                    .getFloat(keys + (long) (c * KvLayout.BLOCK_TOKENS + i) * Float.BYTES))
                                    .isEqualTo(RandomInt8.key(rows, i, c));
                        }
                    }
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("kernels")
    void means(Int8Kernels kernels) {
        for (int headSize : new int[]{8, 31, 64, 80, 127}) {
            try (RandomInt8 data = new RandomInt8(new AttentionShape(1, 1, headSize, 0), 1, SEED)) {
                Int8Rows rows = data.gathered(KvLayout.BLOCK_TOKENS);
                float[] key = new float[headSize];
                float[] value = new float[headSize];
                kernels.mean(rows, headSize, key, value);
                for (int c = 0; c < headSize; c++) {
                    double keys = 0;
                    double values = 0;
                    for (int i = 0; i < KvLayout.BLOCK_TOKENS; i++) {
                        keys += RandomInt8.key(rows, i, c) / KvLayout.BLOCK_TOKENS;
                        values += RandomInt8.value(rows, i, c) / KvLayout.BLOCK_TOKENS;
                    }
                    assertThat((double) key[c]).isCloseTo(keys, within(1e-5));
                    assertThat((double) value[c]).isCloseTo(values, within(1e-5));
                }
            }
        }
    }
}
