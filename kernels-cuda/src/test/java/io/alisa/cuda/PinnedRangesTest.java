package io.alisa.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import io.alisa.tier.Pinning;
import org.junit.jupiter.api.Test;

class PinnedRangesTest {
    private static final long AT = 5L * Pinning.ALIGNMENT;

    /** Java's. What wants to have memory pinned has just taken it, and must not fail for that. */
    @Test
    void wantOfMemoryLeavesItUnpinned() {
        JavaDriver behind = new JavaDriver();
        boolean[] out = {true};
        FaultyDriver driver = new FaultyDriver(behind, Long.MAX_VALUE) {
            @Override
            public boolean register(long address, long bytes) {
                if (out[0]) {
                    throw new OutOfMemoryError("the test wants it so");
                }
                return super.register(address, bytes);
            }
        };
        try (PinnedRanges ranges = new PinnedRanges(driver)) {
            ranges.pin(AT, 100);
            assertThat(ranges.contain(AT, 100)).isFalse();
            ranges.unpin(AT);
            out[0] = false;
            ranges.pin(AT, 100);
            assertThat(ranges.contain(AT, 100)).isTrue();
            assertThat(behind.leftOver()).isEqualTo(1);
        }
        assertThat(behind.leftOver()).isZero();
    }
}
