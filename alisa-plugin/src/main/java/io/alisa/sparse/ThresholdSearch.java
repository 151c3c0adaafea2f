package io.alisa.sparse;

import io.alisa.attention.SelectionKernels;
import io.alisa.cache.KvLayout;

/**
 * Finds the importance that at most as many tokens reach as are wanted, and nearly as many. Counting is so cheap in vectors
 * that a few sweeps cost less than sorting out the tokens one by one: the logarithm of the number of tokens falls smoothly
 * as the threshold rises, so it is followed by secants. Every few blocks say first where to begin, so that of most searches
 * three or four sweeps go over all.
 *
 * <p>Owned by one worker; allocates nothing. The result depends on the importances alone.
 */
final class ThresholdSearch {
    /** A token this far below the best has e^-64 of its weight. */
    private static final float LEAST_IMPORTANCE = -64f;
    private static final int SWEEPS = 20;
    /** Wanted tokens that a sample of the blocks has, about. */
    private static final int SAMPLED = 64;
    /** A sample takes every so many-th block at most. */
    private static final int MOST_STEP = 8;
    /** One in so many of the sample's wanted tokens may be missed. */
    private static final int ROUGHLY = 8;

    private final SelectionKernels kernels;
    /** One in so many wanted tokens may be missed. */
    private final int nearly;

    /** By what the logarithm of the number of tokens changes as the threshold rises by one, where it was counted last. */
    private double slope;

    /** @param nearly one in so many wanted tokens may be missed */
    ThresholdSearch(SelectionKernels kernels, int nearly) {
        this.kernels = kernels;
        this.nearly = nearly;
    }

    /**
     * Returns the threshold; not a number where none was found, as where many tokens are equally important.
     *
     * @param importance of the first {@code blocks} blocks' tokens, none above zero
     * @param wanted     at least 1
     */
    float find(float[] importance, int blocks, int wanted) {
        int step = Math.clamp(wanted / SAMPLED, 1, MOST_STEP);
        float guess = Float.NaN;
        if (step > 1) {
            int ofSample = wanted / step;
            guess = search(importance, blocks, step, ofSample + ofSample / (2 * ROUGHLY),
                    ofSample - ofSample / (2 * ROUGHLY),
                    Float.NaN);
        }
        return search(importance, blocks, 1, wanted, wanted - wanted / nearly, guess);
    }

    /** A threshold that {@code enough} to {@code wanted} tokens of every {@code step}-th block reach. */
    private float search(float[] importance, int blocks, int step, int wanted, int enough, float guess) {
        double logWanted = Math.log((wanted + enough) / 2.0);
        float low = LEAST_IMPORTANCE;
        float high = 0;
        float last = high;
        double logLast = 0;
        boolean guessed = !Float.isNaN(guess);
        if (!guessed) {
            int all = (blocks + step - 1) / step * KvLayout.BLOCK_TOKENS;
            slope = -Math.log(all) / (high - low);
        }
        float threshold = guessed ? guess : (float) (logWanted / slope);
        for (int sweep = 1; sweep <= SWEEPS; sweep++) {
            int count = kernels.count(importance, blocks, step, threshold);
            double log = Math.log(Math.max(1, count));
            if (sweep > 1 || !guessed) { // the sample's slope is better than one to a point far away
                slope = (log - logLast) / (threshold - last);
            }
            last = threshold;
            logLast = log;
            if (count > wanted) {
                low = threshold;
            } else if (count >= enough) {
                return threshold;
            } else {
                high = threshold;
            }
            threshold = (float) (last + (logWanted - logLast) / slope);
            // Some sweeps halve, should the tokens be spread otherwise.
            if (!(threshold > low && threshold < high) || sweep % 4 == 0) {
                threshold = low + (high - low) / 2;
            }
        }
        return Float.NaN;
    }
}
