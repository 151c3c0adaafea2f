package io.alisa.compat.quality;

/** What a model thinks of the next token. */
final class LogProbabilities {
    private LogProbabilities() {
    }

    /** Logarithms of the softmax. */
    static float[] of(float[] logits) {
        double max = Double.NEGATIVE_INFINITY;
        for (float logit : logits) {
            max = Math.max(max, logit);
        }
        double sum = 0;
        for (float logit : logits) {
            sum += Math.exp(logit - max);
        }
        double norm = max + Math.log(sum);
        float[] result = new float[logits.length];
        for (int i = 0; i < logits.length; i++) {
            result[i] = (float) (logits[i] - norm);
        }
        return result;
    }

    /** Kullback-Leibler divergence of {@code said} from {@code reference}, in nats. */
    static double divergence(float[] reference, float[] said) {
        double sum = 0;
        for (int i = 0; i < reference.length; i++) {
            sum += Math.exp(reference[i]) * ((double) reference[i] - said[i]);
        }
        return sum;
    }

    /** The best token; of equals the first. */
    static int best(float[] scores) {
        int best = 0;
        for (int i = 1; i < scores.length; i++) {
            if (scores[i] > scores[best]) {
                best = i;
            }
        }
        return best;
    }
}
