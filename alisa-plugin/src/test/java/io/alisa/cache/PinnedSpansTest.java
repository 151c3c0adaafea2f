package io.alisa.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.BitSet;
import java.util.Random;

import org.junit.jupiter.api.Test;

class PinnedSpansTest {
    /** Against a set of positions. */
    @Test
    void isASetOfPositions() {
        Random random = new Random(1);
        for (int run = 0; run < 200; run++) {
            PinnedSpans spans = PinnedSpans.NONE;
            BitSet expected = new BitSet();
            for (int i = 0; i < 8; i++) {
                int from = random.nextInt(60);
                int end = from + 1 + random.nextInt(20);
                if (random.nextInt(4) == 0) {
                    spans = spans.before(from);
                    expected.clear(from, 200);
                } else {
                    spans = spans.with(from, end);
                    expected.set(from, end);
                }
                check(spans, expected);
            }
        }
    }

    private static void check(PinnedSpans spans, BitSet expected) {
        assertThat(spans.isEmpty()).isEqualTo(expected.isEmpty());
        BitSet actual = new BitSet();
        for (int i = 0; i < spans.spans(200); i++) {
            assertThat(i == 0 || spans.from(i) > spans.end(i - 1)).as("apart").isTrue();
            actual.set(spans.from(i), spans.end(i));
        }
        assertThat(actual).isEqualTo(expected);
        for (int position = 0; position < 90; position++) {
            assertThat(spans.count(position)).isEqualTo(expected.get(0, position).cardinality());
            assertThat(spans.touch(position, position + 3)).isEqualTo(!expected.get(position, position + 3).isEmpty());
        }
    }

    @Test
    void anEmptySpanIsNone() {
        assertThatThrownBy(() -> PinnedSpans.NONE.with(5, 5)).hasMessageContaining("no span");
        assertThatThrownBy(() -> PinnedSpans.NONE.with(-1, 5)).hasMessageContaining("no span");
    }
}
