package io.alisa.compat.quality;

import java.util.Arrays;

/**
 * How much a perplexity changed against another on the same tokens.
 *
 * @param relative      0.01: one percent worse
 * @param standardError of that, from the differences token by token, which cancels what is hard about the text itself
 */
record Change(double relative, double standardError) {
    static Change of(double[] loss, double[] reference) {
        double[] differences = new double[loss.length];
        Arrays.setAll(differences, i -> loss[i] - reference[i]);
        double relative = Math.expm1(Arrays.stream(differences).average().orElse(Double.NaN));
        // The exponential's slope turns an error of the mean into one of the ratio.
        return new Change(relative, (1 + relative) * BatchMeans.errorOfMean(differences));
    }
}
