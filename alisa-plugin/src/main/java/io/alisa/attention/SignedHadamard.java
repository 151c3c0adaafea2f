package io.alisa.attention;

import java.util.SplittableRandom;

/**
 * An orthogonal rotation of a head's channels: random signs, then a Walsh-Hadamard transform. Rotating queries and keys
 * alike changes no score, but spreads a key's few large channels over all of them, so that eight bits, or two, lose less
 * (QuaRot; on the trained model it saves about as much as a scale per channel would). Immutable.
 *
 * <p>A head size that is not a power of two is rotated in pieces that are; an odd one not at all.
 */
public final class SignedHadamard {
    private static final long SEED = 0x5157_4152_4F54L;

    private final int headSize;
    private final int piece;
    /** Plus or minus one over the square root of the piece. */
    private final float[] factors;

    public SignedHadamard(int headSize) {
        this.headSize = headSize;
        this.piece = Integer.lowestOneBit(headSize);
        this.factors = new float[headSize];
        SplittableRandom random = new SplittableRandom(SEED);
        for (int i = 0; i < headSize; i++) {
            factors[i] = (float) ((random.nextBoolean() ? 1 : -1) / Math.sqrt(piece));
        }
    }

    /** Rotates the {@code headSize} floats from {@code offset} on in place. */
    public void apply(float[] x, int offset) {
        for (int i = 0; i < headSize; i++) {
            x[offset + i] *= factors[i];
        }
        for (int half = 1; half < piece; half *= 2) {
            for (int from = offset; from < offset + headSize; from += 2 * half) {
                butterflies(x, from, half);
            }
        }
    }

    private static void butterflies(float[] x, int from, int half) {
        for (int i = from; i < from + half; i++) {
            float a = x[i];
            float b = x[i + half];
            x[i] = a + b;
            x[i + half] = a - b;
        }
    }
}
