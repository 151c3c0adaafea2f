package io.alisa.host;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.IntStream;

import org.junit.jupiter.api.Test;

class TokenLogTest {
    private final TokenLog log = new TokenLog();

    @Test
    void promptsAndSingleTokensFollowEachOther() {
        log.record(0, 7, 8, 9);
        log.recordOne(3, 10);
        log.record(4, 11, 12);
        assertThat(log.size()).isEqualTo(6);
        assertThat(log.first(6)).containsExactly(7, 8, 9, 10, 11, 12);
        assertThat(log.first(2)).containsExactly(7, 8);
    }

    @Test
    void writingAgainForgetsWhatLayBehind() {
        log.record(0, 1, 2, 3, 4, 5);
        log.record(2, 30);
        assertThat(log.first(log.size())).containsExactly(1, 2, 30);
        log.recordOne(1, 20);
        assertThat(log.first(log.size())).containsExactly(1, 20);
    }

    @Test
    void aGapMakesTheSessionUnknown() {
        log.record(0, 1, 2, 3);
        log.record(5, 6);
        assertThat(log.size()).isZero();
        log.record(0, 1, 2, 3);
        log.recordOne(4, 5);
        assertThat(log.size()).isZero();
    }

    @Test
    void growsByBatchesAndOneByOne() {
        log.record(0, IntStream.range(0, 1000).toArray());
        for (int i = 1000; i < 3000; i++) {
            log.recordOne(i, i);
        }
        assertThat(log.first(3000)).isEqualTo(IntStream.range(0, 3000).toArray());
    }
}
