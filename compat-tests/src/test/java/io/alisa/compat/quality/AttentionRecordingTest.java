package io.alisa.compat.quality;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assertions.entry;

import jdk.jfr.Event;
import jdk.jfr.Name;
import org.junit.jupiter.api.Test;

class AttentionRecordingTest {
    /** As the plugin has it, less one field: {@code rankCorrelation}. */
    @Name(AttentionRecording.EVENT)
    private static final class Sample extends Event {
        @SuppressWarnings("unused") // read by the flight recorder
        int layer;
        @SuppressWarnings("unused")
        double keptMass;
        @SuppressWarnings("unused")
        double sparsity;

        static void emit(int layer, double keptMass, double sparsity) {
            Sample sample = new Sample();
            sample.layer = layer;
            sample.keptMass = keptMass;
            sample.sparsity = sparsity;
            sample.commit();
        }
    }

    @Test
    void samplesAreAveragedAndAMissingFieldIsNotANumber() {
        try (AttentionRecording recording = new AttentionRecording()) {
            Sample.emit(0, 0.9, 0.5);
            Sample.emit(0, 0.7, 0.7);
            Sample.emit(3, Double.NaN, 0.9);
            AttentionSummary summary = recording.finish();
            assertThat(summary.samples()).isEqualTo(3);
            assertThat(summary.keptMass()).isCloseTo(0.8, within(1e-12));
            assertThat(summary.rankCorrelation()).isNaN();
            assertThat(summary.sparsity()).containsExactly(entry(0, 0.6), entry(3, 0.9));
        }
    }

    @Test
    void noSamplesAreNoFigures() {
        try (AttentionRecording recording = new AttentionRecording()) {
            AttentionSummary summary = recording.finish();
            assertThat(summary.samples()).isZero();
            assertThat(summary.keptMass()).isNaN();
            assertThat(summary.sparsity()).isEmpty();
        }
    }
}
