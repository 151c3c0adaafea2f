package io.alisa.tier;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ReadSpeedTest {
    private static final long MEGABYTE = 1_000_000;
    private static final long MILLISECOND = 1_000_000;

    private final ReadSpeed speed = new ReadSpeed();

    @Test
    void memoryIsFastAndADiskIsSlow() {
        assertThat(speed.isSlow(0, 0)).as("nothing was read").isFalse();
        assertThat(speed.isSlow(20 * MEGABYTE, MILLISECOND)).as("20 GB/s").isFalse();
        assertThat(speed.isSlow(21 * MEGABYTE, 2 * MILLISECOND)).as("1 GB/s").isTrue();
    }

    /** Reading ahead makes a disk look fast: it must not be given up for that. */
    @Test
    void slowStaysSlowForAWhile() {
        long bytes = MEGABYTE;
        long nanos = MILLISECOND;
        assertThat(speed.isSlow(bytes, nanos)).isTrue();
        int calls = 0;
        do {
            bytes += 20 * MEGABYTE;
            nanos += MILLISECOND;
            calls++;
        } while (speed.isSlow(bytes, nanos));
        assertThat(calls).isBetween(100, 1000);
    }

    @Test
    void nothingReadChangesNothing() {
        assertThat(speed.isSlow(MEGABYTE, MILLISECOND)).isTrue();
        for (int i = 0; i < 1000; i++) {
            assertThat(speed.isSlow(MEGABYTE, MILLISECOND)).isTrue();
        }
    }
}
