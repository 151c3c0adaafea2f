package io.alisa.compat;

import java.util.ArrayList;
import java.util.List;
import java.util.function.ToDoubleFunction;

import io.alisa.compat.scenario.Trace;

/**
 * Two traces of the same session, step by step. The second was fed the first one's tokens, so every step is compared
 * in the same context, also those after a tie.
 *
 * @param tokens    tokens compared
 * @param ties      tokens that differ where rounding may decide
 * @param errors    tokens that differ for no such reason, described
 * @param largest   largest difference between two logits
 * @param nmse      normalised mean squared error of the logits
 */
record Comparison(int tokens, int ties, List<String> errors, double largest, double nmse) {

    /**
     * @param tieGap the largest distance of two logits that rounding may swap, given a step's logits
     */
    static Comparison of(Trace host, Trace plugin, ToDoubleFunction<float[]> tieGap) {
        if (host.steps() != plugin.steps()) {
            return new Comparison(0, 0, List.of(host.steps() + " steps and " + plugin.steps()), Double.NaN, Double.NaN);
        }
        int ties = 0;
        List<String> errors = new ArrayList<>();
        double largest = 0;
        double squaredError = 0;
        double squared = 0;
        for (int step = 0; step < host.steps(); step++) {
            float[] expected = host.logits(step);
            float[] actual = plugin.logits(step);
            for (int i = 0; i < expected.length; i++) {
                double difference = (double) actual[i] - expected[i];
                // Written so that a NaN stays one.
                largest = Math.max(largest, Math.abs(difference));
                squaredError += difference * difference;
                squared += (double) expected[i] * expected[i];
            }
            if (host.token(step) != plugin.token(step)) {
                double gap = (double) expected[host.token(step)] - expected[plugin.token(step)];
                double allowed = tieGap.applyAsDouble(expected);
                if (gap <= allowed) {
                    ties++;
                } else {
                    errors.add("step %d: host says %d, plugin says %d, which the host puts %.3g lower (a tie: %.3g)"
                            .formatted(step, host.token(step), plugin.token(step), gap, allowed));
                }
            }
        }
        return new Comparison(host.steps(), ties, errors, largest, squaredError / squared);
    }

    static double largest(float[] logits) {
        double largest = 0;
        for (float logit : logits) {
            largest = Math.max(largest, Math.abs(logit));
        }
        return largest;
    }
}
