package io.alisa.compat.quality;

import java.util.Arrays;

/**
 * How much a perplexity changed against another on the same tokens.
 *
 * @param relative      0.01: one percent worse
 * @param standardError of that, from the differences token by token, which cancels what is hard about the text itself
 */
record Change(double relative, double standardError) {
    /** Neighbouring tokens err together, so the spread is taken between the means of runs of tokens (batch means). */
    private static final int RUN = 20;

    static Change of(double[] loss, double[] reference) {
        double[] differences = new double[loss.length];
        Arrays.setAll(differences, i -> loss[i] - reference[i]);
        double relative = Math.expm1(Arrays.stream(differences).average().orElse(Double.NaN));
        // The exponential's slope turns an error of the mean into one of the ratio.
        return new Change(relative, (1 + relative) * errorOfMean(differences));
    }

    private static double errorOfMean(double[] values) {
        int runs = values.length / RUN;
        if (runs < 2) {
            return Double.NaN;
        }
        double[] means = new double[runs];
        Arrays.setAll(means, r -> Arrays.stream(values, r * RUN, (r + 1) * RUN).average().orElseThrow());
        double mean = Arrays.stream(means).average().orElseThrow();
        double squares = Arrays.stream(means).map(m -> (m - mean) * (m - mean)).sum();
        return Math.sqrt(squares / (runs - 1) / runs);
    }
}
