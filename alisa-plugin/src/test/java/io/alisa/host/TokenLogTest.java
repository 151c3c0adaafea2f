package io.alisa.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

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

    @Test
    void whatIsTrimmedGoesOn() {
        log.record(0, IntStream.range(0, 1000).toArray());
        log.recordOne(1000, 1000);
        log.trim();
        assertThat(log.room()).isEqualTo(1001);
        log.recordOne(1001, 1001);
        log.record(1002, 1002);
        assertThat(log.first(1003)).isEqualTo(IntStream.range(0, 1003).toArray());
        log.cut(0);
        log.trim();
        assertThat(log.room()).isZero();
        log.recordOne(0, 7);
        assertThat(log.first(1)).containsExactly(7);
    }

    @Test
    void whatIsForgottenIsKnownToBeSo() {
        log.record(0, 1, 2, 3);
        assertThat(log.forgotten()).isZero();
        log.forget();
        assertThat(log.size()).isZero();
        assertThat(log.room()).isZero();
        log.recordOne(3, 4);
        log.record(3, 4, 5);
        assertThat(log.forgotten()).as("what was behind it does not tell").isEqualTo(3);
        assertThatThrownBy(() -> log.first(3)).hasMessageContaining("0 are known");
        log.record(0, 6);
        assertThat(log.forgotten()).isZero();
        assertThat(log.first(1)).containsExactly(6);
    }
}
