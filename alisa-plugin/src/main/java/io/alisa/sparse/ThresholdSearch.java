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

    /** What fewer tokens are known to reach, and more; nothing was counted there so far at their beginnings. */
    private float high;
    private float low;
    /** What was counted last, and before: thresholds, and logarithms of the numbers of tokens. */
    private float last;
    private float before;
    private double logLast;
    private double logBefore;
    /** By what the logarithm changes as the threshold rises by one, at the last two. */
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
        slope = 0;
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
        low = LEAST_IMPORTANCE;
        high = 0;
        before = low;
        last = high;
        int counted = (blocks + step - 1) / step * KvLayout.BLOCK_TOKENS;
        logBefore = Math.log(counted);
        logLast = 0;
        float threshold = Float.isNaN(guess) ? secant(logWanted) : guess;
        for (int sweep = 1; sweep <= SWEEPS; sweep++) {
            int count = kernels.count(importance, blocks, step, threshold);
            if (count > wanted) {
                low = threshold;
            } else if (count >= enough) {
                note(threshold, count);
                return threshold;
            } else {
                high = threshold;
            }
            boolean first = sweep == 1 && !Float.isNaN(guess);
            if (first) { // the sample's slope is better than one to a point far away
                last = threshold;
                logLast = Math.log(Math.max(1, count));
                threshold = (float) (threshold + (logWanted - logLast) / slope);
            } else {
                note(threshold, count);
                threshold = secant(logWanted);
            }
            // Some sweeps halve, should the tokens be spread otherwise.
            if (!(threshold > low && threshold < high) || sweep % 4 == 0) {
                threshold = low + (high - low) / 2;
            }
        }
        return Float.NaN;
    }

    private void note(float threshold, int count) {
        before = last;
        logBefore = logLast;
        last = threshold;
        logLast = Math.log(Math.max(1, count));
        slope = (logLast - logBefore) / (last - before);
    }

    private float secant(double logWanted) {
        return (float) (last + (logWanted - logLast) / ((logLast - logBefore) / (last - before)));
    }
}
