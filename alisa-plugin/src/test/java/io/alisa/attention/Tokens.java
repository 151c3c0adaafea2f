package io.alisa.attention;

import java.util.SplittableRandom;

/** What the tokens of a session bring along: the same arrays whenever asked. */
public interface Tokens {
    float[] key(int position, int kvHead);

    float[] value(int position, int kvHead);

    /** Scaled and rotated already. */
    float[] query(int position, int kvHead, int headOfGroup);

    /**
     * Normally distributed ones.
     *
     * @param spread standard deviation of a score: the larger, the fewer tokens matter
     */
    static Tokens random(int headSize, double spread, long seed) {
        return new Tokens() {
            @Override
            public float[] key(int position, int kvHead) {
                return normal(headSize, 1, seed, 0, position, kvHead);
            }

            @Override
            public float[] value(int position, int kvHead) {
                return normal(headSize, 1, seed, 1, position, kvHead);
            }

            @Override
            public float[] query(int position, int kvHead, int headOfGroup) {
                return normal(headSize, spread / Math.sqrt(headSize), seed, 2 + headOfGroup, position, kvHead);
            }
        };
    }

    /** Normally distributed channels that depend on the arguments alone. */
    static float[] normal(int headSize, double deviation, long seed, int kind, int position, int kvHead) {
        SplittableRandom random = new SplittableRandom(((seed * 31 + kind) * 100_003 + position) * 101 + kvHead);
        float[] channels = new float[headSize];
        for (int i = 0; i < headSize; i++) {
            channels[i] = (float) (random.nextGaussian() * deviation);
        }
        return channels;
    }
}
