package io.alisa.compat.quality;

import java.util.Arrays;

/** The error of a mean over tokens. Neighbours err together, so the spread is taken between the means of runs of them. */
final class BatchMeans {
    private static final int RUN = 20;

    private BatchMeans() {
    }

    /** The standard error of the mean; NaN where there are no two runs. */
    static double errorOfMean(double[] values) {
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
