package io.alisa.compat.quality;

import java.util.Arrays;
import java.util.List;

/** How well tokens were predicted, token by token. */
final class Scores {
    /** Minus the logarithm of the true token's probability. */
    private final double[] loss;
    /** Kullback-Leibler divergence from dense F32. */
    private final double[] divergence;
    /** 1 where the best token is that of dense F32, else 0. */
    private final double[] agreement;

    Scores(double[] loss, double[] divergence, double[] agreement) {
        this.loss = loss;
        this.divergence = divergence;
        this.agreement = agreement;
    }

    /** Scores of a window, from the log probabilities at each step. */
    static Scores of(Window window, float[][] said, float[][] reference) {
        int steps = window.steps();
        Scores scores = new Scores(new double[steps], new double[steps], new double[steps]);
        for (int i = 0; i < steps; i++) {
            scores.loss[i] = -said[i][window.next(i)];
            scores.divergence[i] = LogProbabilities.divergence(reference[i], said[i]);
            scores.agreement[i] = LogProbabilities.best(reference[i]) == LogProbabilities.best(said[i]) ? 1 : 0;
        }
        return scores;
    }

    static Scores join(List<Scores> parts) {
        return new Scores(parts.stream().flatMapToDouble(s -> Arrays.stream(s.loss)).toArray(),
                parts.stream().flatMapToDouble(s -> Arrays.stream(s.divergence)).toArray(),
                parts.stream().flatMapToDouble(s -> Arrays.stream(s.agreement)).toArray());
    }

    double[] loss() {
        return loss.clone();
    }

    int tokens() {
        return loss.length;
    }

    double perplexity() {
        return Math.exp(mean(loss));
    }

    double meanDivergence() {
        return mean(divergence);
    }

    /** Share of the tokens. */
    double topAgreement() {
        return mean(agreement);
    }

    /** The standard error of that; NaN where there are too few tokens. */
    double topAgreementError() {
        return BatchMeans.errorOfMean(agreement);
    }

    private static double mean(double[] values) {
        return Arrays.stream(values).average().orElse(Double.NaN);
    }
}
