package io.alisa.schedule;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CapsTest {
    /** In eighths of what the process may use. */
    @ParameterizedTest
    @CsvSource({"0,4", "2,4", "3,4", "4,3", "5,2", "6,1", "7,1", "8,1", "100,1", "9223372036854775807,1"})
    void theFastTierLeavesRoomForTheHeap(long heap, long fast) {
        long eighth = 1L << 30;
        long bytes = heap > 100 ? heap : heap * eighth; // no limit at all is the largest number
        assertThat(Caps.fastByDefault(8 * eighth, bytes)).isEqualTo(fast * eighth);
    }

    @Test
    void theSlowTierLeavesHalfOfTheDisk() {
        assertThat(Caps.slowByDefault(10, 1000)).isEqualTo(80);
        assertThat(Caps.slowByDefault(100, 1000)).isEqualTo(500);
        assertThat(Caps.slowByDefault(Long.MAX_VALUE, 1000)).isEqualTo(500);
    }

    @Test
    void nothingIsLessThanNothing() {
        assertThatIllegalArgumentException().isThrownBy(() -> new Caps(-1, 0));
        assertThatIllegalArgumentException().isThrownBy(() -> new Caps(0, -1));
    }
}
