package io.alisa.attention;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

import io.alisa.cache.KvLayout;
import io.alisa.cache.ScaleCode;
import io.alisa.memory.OffHeap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What a row loses by becoming INT8: at most half a scale, and nothing the second time. */
class Int8QuantiseTest {
    private static final long SEED = 20_261_122;
    private static final int[] HEAD_SIZES = {1, 8, 31, 32, 63, 64, 80, 96, 127, 128, 256};
    private static final byte UNTOUCHED = 99;
    private static final int ROOM = 300;

    private final Arena arena = Arena.ofConfined();
    private final long to = arena.allocate(ROOM).address();

    static List<Int8Kernels> kernels() {
        return List.of(new ScalarKernels().int8(), new VectorKernels().int8());
    }

    @AfterEach
    void close() {
        arena.close();
    }

    private int quantise(Int8Kernels kernels, float[] x) {
        for (int i = 0; i < ROOM; i++) {
            OffHeap.setByte(to + i, UNTOUCHED);
        }
        // an offset, and what must not be read on both sides
        float[] padded = new float[x.length + 7];
        Arrays.fill(padded, 1e9f);
        System.arraycopy(x, 0, padded, 3, x.length);
        int code = kernels.quantise(padded, 3, x.length, to);
        assertThat(code).isBetween(0, 255);
        for (int i = x.length; i < ROOM; i++) {
            int expected = i < KvLayout.int8RowBytes(x.length) ? 0 : UNTOUCHED;
            assertThat(OffHeap.getByte(to + i)).as("byte %s behind %s", i, x.length).isEqualTo((byte) expected);
        }
        return code;
    }

    private float[] dequantised(int channels, int code) {
        float[] x = new float[channels];
        for (int c = 0; c < channels; c++) {
            x[c] = ScaleCode.decode(code) * OffHeap.getByte(to + c);
        }
        return x;
    }

    @ParameterizedTest
    @MethodSource("kernels")
    void losesHalfAScaleAndNothingTheSecondTime(Int8Kernels kernels) {
        Random random = new Random(SEED);
        for (int round = 0; round < 500; round++) {
            for (int headSize : HEAD_SIZES) {
                float[] x = new float[headSize];
                double spread = Math.exp(random.nextDouble() * 18 - 9);
                for (int c = 0; c < headSize; c++) {
                    x[c] = (float) (random.nextGaussian() * spread);
                }
                int code = quantise(kernels, x);
                float[] once = dequantised(headSize, code);
                for (int c = 0; c < headSize; c++) {
                    assertThat(Math.abs(once[c] - x[c])).isLessThanOrEqualTo(ScaleCode.decode(code) * 0.500001f);
                }
                assertThat(quantise(kernels, once)).isEqualTo(code);
                assertThat(dequantised(headSize, code)).isEqualTo(once);
            }
        }
    }

    /** The largest value anywhere between two scales: a boundary that rounding could step over. */
    @Test
    void everyLargestValueKeepsItsScale() {
        Int8Kernels kernels = new ScalarInt8Kernels();
        for (int i = 0; i < 20_000; i++) {
            float[] x = {(float) (0.01 * Math.pow(1.0002, i))};
            int code = kernels.quantise(x, 0, 1, to);
            float[] once = dequantised(1, code);
            assertThat(Math.abs(once[0] - x[0])).isLessThanOrEqualTo(ScaleCode.decode(code) * 0.500001f);
            assertThat(kernels.quantise(once, 0, 1, to)).as("of %s", x[0]).isEqualTo(code);
            assertThat(dequantised(1, code)).isEqualTo(once);
        }
    }

    @ParameterizedTest
    @MethodSource("kernels")
    void extremesStayInRange(Int8Kernels kernels) {
        float[] x = new float[64];
        assertThat(quantise(kernels, x)).isZero();
        assertThat(dequantised(64, 0)).containsOnly(0f);

        Arrays.fill(x, Float.MIN_VALUE);
        assertThat(quantise(kernels, x)).isZero();
        assertThat(dequantised(64, 0)).containsOnly(0f);

        Arrays.fill(x, 1f);
        x[3] = Float.NaN;
        x[17] = Float.intBitsToFloat(0x7fc00055); // some have low bits
        x[18] = Float.intBitsToFloat(0x7f800001);
        x[63] = -2f;
        float[] expected = x.clone();
        for (int c : new int[]{3, 17, 18}) {
            expected[c] = 0f;
        }
        int code = quantise(kernels, x);
        float[] once = dequantised(64, code);
        for (int c = 0; c < 64; c++) {
            assertThat(Math.abs(once[c] - expected[c])).isLessThanOrEqualTo(ScaleCode.decode(code) / 2);
        }

        Arrays.fill(x, Float.NaN);
        assertThat(quantise(kernels, x)).isZero();
        assertThat(dequantised(64, 0)).containsOnly(0f);

        float most = 127 * ScaleCode.decode(255);
        for (float huge : new float[]{1e5f, Float.MAX_VALUE, Float.POSITIVE_INFINITY}) {
            Arrays.fill(x, huge);
            x[1] = -huge;
            code = quantise(kernels, x);
            once = dequantised(64, code);
            assertThat(once[0]).isEqualTo(most);
            assertThat(once[1]).isEqualTo(-most);
        }
    }

    @Test
    void bothKernelsAgree() {
        Random random = new Random(SEED);
        for (int headSize : HEAD_SIZES) {
            float[] x = new float[headSize];
            for (int c = 0; c < headSize; c++) {
                x[c] = (float) random.nextGaussian();
            }
            int code = quantise(new ScalarInt8Kernels(), x);
            float[] scalar = dequantised(headSize, code);
            assertThat(quantise(new VectorInt8Kernels(), x)).isEqualTo(code);
            assertThat(dequantised(headSize, code)).isEqualTo(scalar);
        }
    }

    @Test
    void nearestScale() {
        Random random = new Random(SEED);
        for (int i = 0; i < 2000; i++) {
            float scale = (float) Math.exp(random.nextDouble() * 21 - 15);
            int code = ScaleCode.nearest(scale);
            float error = Math.abs(ScaleCode.decode(code) - scale);
            for (int other : new int[]{Math.max(0, code - 1), Math.min(255, code + 1)}) {
                assertThat(error).isLessThanOrEqualTo(Math.abs(ScaleCode.decode(other) - scale));
            }
        }
        assertThat(ScaleCode.nearest(Float.NaN)).isZero();
        assertThat(ScaleCode.nearest(0f)).isZero();
        assertThat(ScaleCode.nearest(Float.POSITIVE_INFINITY)).isEqualTo(255);
    }
}
