package io.alisa.host.jlama;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.math.BigDecimal;
import java.nio.ByteOrder;
import java.util.Random;

import io.alisa.cache.KvFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FloatsTest {
    private static final ValueLayout.OfShort LITTLE = ValueLayout.JAVA_SHORT_UNALIGNED
            .withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final Floats BF16 = Floats.of(KvFormat.BF16);

    /** Through memory and back; neighbours stay. */
    private static float rounded(float x) {
        MemorySegment memory = MemorySegment.ofArray(new byte[10]);
        memory.fill((byte) 0x55);
        BF16.write(new float[]{9, x, 9}, 1, memory, 2, 1);
        assertThat(memory.get(LITTLE, 2)).isEqualTo((short) 0x5555);
        assertThat(memory.get(LITTLE, 6)).isEqualTo((short) 0x5555);
        float[] read = {7, 7, 7};
        BF16.read(memory, 2, read, 1, 1);
        assertThat(read[0]).isEqualTo(7);
        assertThat(read[2]).isEqualTo(7);
        assertThat(Float.floatToRawIntBits(read[1]) >>> 16).isEqualTo(memory.get(LITTLE, 4) & 0xFFFF);
        return read[1];
    }

    /** The nearest of the two bfloat16 on either side, by exact arithmetic; ties go to the even one. */
    private static float nearest(float x) {
        int below = Float.floatToRawIntBits(x) & 0xFFFF0000;
        int above = below + 0x10000;
        BigDecimal toBelow = new BigDecimal(x).subtract(new BigDecimal(Float.intBitsToFloat(below))).abs();
        // Behind the largest number comes infinity: as far away as the next power of two.
        boolean overflow = Float.isInfinite(Float.intBitsToFloat(above));
        BigDecimal next = overflow
                ? BigDecimal.TWO.pow(128).multiply(BigDecimal.valueOf(x < 0 ? -1 : 1))
                : new BigDecimal(Float.intBitsToFloat(above));
        int order = toBelow.compareTo(next.subtract(new BigDecimal(x)).abs());
        boolean evenBelow = (below >>> 16) % 2 == 0;
        return Float.intBitsToFloat(order < 0 || (order == 0 && evenBelow) ? below : above);
    }

    @Test
    void anyFloatBecomesTheNearest() {
        Random random = new Random(1);
        for (int i = 0; i < 20_000; i++) {
            float x = Float.intBitsToFloat(random.nextInt());
            if (Float.isFinite(x)) {
                assertThat(rounded(x)).as("%s", x).isEqualTo(nearest(x));
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0x00000000, 0x00000001, 0x00007FFF, 0x00008000, 0x00008001, 0x00018000, 0x007FFFFF, 0x3F800000,
            0x3F807FFF, 0x3F808000, 0x3F808001, 0x3F818000, 0x3F817FFF, 0x3FFF8000, 0x7F7F0000, 0x7F7F7FFF, 0x7F7F8000,
            0x7F7FFFFF})
    void edges(int bits) {
        for (int sign : new int[]{0, 0x80000000}) {
            float x = Float.intBitsToFloat(bits | sign);
            assertThat(Float.floatToRawIntBits(rounded(x))).as("%s", x)
                    .isEqualTo(Float.floatToRawIntBits(nearest(x)));
        }
    }

    @Test
    void infinityStays() {
        assertThat(rounded(Float.POSITIVE_INFINITY)).isEqualTo(Float.POSITIVE_INFINITY);
        assertThat(rounded(Float.NEGATIVE_INFINITY)).isEqualTo(Float.NEGATIVE_INFINITY);
    }

    @ParameterizedTest
    @ValueSource(ints = {0x7FC00000, 0x7F800001, 0x7FFFFFFF, 0xFFC00000, 0xFFFFFFFF, 0xFF80FFFF, 0x7F808000})
    void whatIsNotANumberBecomesNone(int bits) {
        assertThat(rounded(Float.intBitsToFloat(bits))).isNaN();
    }

    @Test
    void whatIsBfloat16AlreadyStays() {
        for (int high = 0; high < 0x10000; high++) {
            float x = Float.intBitsToFloat(high << 16);
            if (!Float.isNaN(x)) {
                assertThat(Float.floatToRawIntBits(rounded(x))).isEqualTo(high << 16);
            }
        }
    }

    @Test
    void floatsGoThroughUnchanged() {
        Floats floats = Floats.of(KvFormat.F32);
        MemorySegment memory = MemorySegment.ofArray(new byte[20]);
        float[] source = {1, -2.5f, Float.NaN, Float.MIN_VALUE};
        floats.write(source, 1, memory, 2, 3);
        float[] read = new float[4];
        floats.read(memory, 2, read, 1, 3);
        assertThat(read).containsExactly(0, -2.5f, Float.NaN, Float.MIN_VALUE);
    }
}
