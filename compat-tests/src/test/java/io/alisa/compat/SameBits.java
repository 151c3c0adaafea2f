package io.alisa.compat;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;

import io.alisa.compat.scenario.Trace;

/** Of every logit, see {@link HostProcess#orderedSums}. */
final class SameBits {
    private SameBits() {
    }

    static void check(String name, Trace actual, Trace expected) throws IOException {
        assertThat(actual.steps()).as(name).isEqualTo(expected.steps()).isPositive();
        for (int step = 0; step < expected.steps(); step++) {
            assertThat(difference(actual.logits(step), expected.logits(step)))
                    .as("%s: logits of step %d, of %d", name, step, expected.steps()).isEmpty();
        }
        assertThat(actual.tokens()).as(name).isEqualTo(expected.tokens());
    }

    /** Nothing, or how many logits differ and by how much: a last bit is another error than another number. */
    private static String difference(float[] actual, float[] expected) {
        int differing = actual.length == expected.length ? 0 : Math.max(actual.length, expected.length);
        float largest = 0;
        for (int i = 0; i < Math.min(actual.length, expected.length); i++) {
            if (Float.compare(actual[i], expected[i]) != 0) {
                differing++;
                largest = Math.max(largest, Math.abs(actual[i] - expected[i]));
            }
        }
        return differing == 0 ? "" : "%d of %d differ, by %s at most".formatted(differing, expected.length, largest);
    }
}
