package io.alisa.schedule;

import java.util.Arrays;

/**
 * How much the blocks of a layer were used lately: per block the number of tokens that were selected in it, each step
 * weighing a little less than the one after it. Deleting or demoting by age alone, as in the paper, hits attention sinks
 * and heavy hitters.
 *
 * <p>Instead of making all old counts smaller, new ones are made larger: a step touches only what it used. Not
 * thread-safe.
 */
public final class BlockUse {
    /** A count is worth half after this many steps: our choice, long against a sentence and short against a topic. */
    private static final int HALF_LIFE = 512;
    private static final double GROWTH = Math.pow(2, 1.0 / HALF_LIFE);
    private static final double LARGE = 1e100;

    private final double[] use;
    private double weight = 1;

    public BlockUse(int maxBlocks) {
        use = new double[maxBlocks];
    }

    /** A step begins. */
    public void step() {
        weight *= GROWTH;
        if (weight > LARGE) {
            for (int i = 0; i < use.length; i++) {
                use[i] /= weight;
            }
            weight = 1;
        }
    }

    /** {@code tokens} tokens of a block were selected in this step. */
    public void selected(int block, int tokens) {
        use[block] += weight * tokens;
    }

    /** Forgets the blocks from {@code block} on: the context was cut. */
    public void forgetFrom(int block) {
        Arrays.fill(use, block, use.length, 0);
    }

    /** Use of a block; only comparisons mean anything. */
    public double of(int block) {
        return use[block];
    }
}
