package io.alisa.tier;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ReadSpeedTest {
    private static final long MEGABYTE = 1_000_000;
    private static final long MILLISECOND = 1_000_000;

    private final ReadSpeed speed = new ReadSpeed();

    @Test
    void memoryIsFastAndADiskIsSlow() {
        assertThat(speed.isSlow(0, 0, 0)).as("nothing was read").isFalse();
        assertThat(speed.isSlow(1, 20 * MEGABYTE, MILLISECOND)).as("20 GB/s").isFalse();
        assertThat(speed.isSlow(2, 21 * MEGABYTE, 2 * MILLISECOND)).as("1 GB/s").isTrue();
    }

    /** Small ones cost what the system's call does: reading ahead would only do that twice. */
    @Test
    void smallRequestsAreNotSlowForBeingSmall() {
        long requests = 20_000;
        assertThat(speed.isSlow(requests, requests * 8_000, requests * 12_000)).as("8 KB in 12 us, 0.7 GB/s")
                .isFalse();
        assertThat(speed.isSlow(2 * requests, 2 * requests * 8_000, requests * 112_000)).as("8 KB in 100 us").isTrue();
    }

    /** Reading ahead makes a disk look fast: it must not be given up for that. */
    @Test
    void slowStaysSlowForAWhile() {
        long bytes = MEGABYTE;
        long nanos = MILLISECOND;
        assertThat(speed.isSlow(1, bytes, nanos)).isTrue();
        int calls = 0;
        do {
            bytes += 20 * MEGABYTE;
            nanos += MILLISECOND;
            calls++;
        } while (speed.isSlow(1 + calls, bytes, nanos));
        assertThat(calls).isBetween(100, 1000);
    }

    @Test
    void nothingReadChangesNothing() {
        assertThat(speed.isSlow(1, MEGABYTE, MILLISECOND)).isTrue();
        for (int i = 0; i < 1000; i++) {
            assertThat(speed.isSlow(1, MEGABYTE, MILLISECOND)).isTrue();
        }
    }
}
