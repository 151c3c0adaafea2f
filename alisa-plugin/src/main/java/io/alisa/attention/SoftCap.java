package io.alisa.attention;

/**
 * The soft cap of estimated scores (Gemma 2), {@code cap * tanh(score / cap)}, with bits that every processor finds: each
 * step below is one float operation that IEEE 754 rounds in one way. {@link VectorSelectionKernels} and the CUDA
 * kernels' {@code cappedExactly} take the same steps, so that tokens of nearly equal scores keep their order whoever
 * chooses. A step changed here is to be changed there.
 *
 * <p>Off by less than {@code 3e-7} of the value, some three units in the last place (Cephes tanhf and expf), and by
 * {@code cap * 2^-150} more where {@code score / cap} is below the normal floats.
 */
@SuppressWarnings("FloatingPointLiteralPrecision") // coefficients as published
final class SoftCap {
    private static final float LOWEST = -87f;
    /** Adding 1.5 * 2^23 rounds a float to a whole number and leaves that number in the low bits. */
    private static final float ROUND = 12582912f;

    private SoftCap() {
    }

    /**
     * The capped score. That of a token that does not exist, negative infinity, stays what it is, and so does what is
     * not a number.
     */
    static float cap(float score, float softCap) {
        return score > Float.NEGATIVE_INFINITY ? tanh(score / softCap) * softCap : score;
    }

    /** {@link VectorSoftmax#tanh}, a lane of it. */
    private static float tanh(float x) {
        float magnitude = Math.abs(x);
        if (magnitude < 0.625f) {
            float squared = x * x;
            float p = Math.fma(squared, -5.70498872745e-3f, 2.06390887954e-2f);
            p = Math.fma(p, squared, -5.37397155531e-2f);
            p = Math.fma(p, squared, 1.33314422036e-1f);
            p = Math.fma(p, squared, -3.33332819422e-1f);
            return Math.fma(p * squared, x, x);
        }
        float shrunk = exp(magnitude * -2f);
        float far = (1f - shrunk) / (shrunk + 1f);
        return x < 0f ? -far : far;
    }

    private static float exp(float x) {
        if (x < LOWEST) {
            return 0f;
        }
        float shifted = Math.fma(x, 1.44269504f, ROUND);
        float n = shifted - ROUND;
        float r = Math.fma(n, -0.693359375f, x);
        r = Math.fma(n, 2.12194440e-4f, r);
        float squared = r * r;
        float high = Math.fma(r, 1.9875691500e-4f, 1.3981999507e-3f);
        float middle = Math.fma(r, 8.3334519073e-3f, 4.1665795894e-2f);
        float low = Math.fma(r, 1.6666665459e-1f, 5.0000001201e-1f);
        float p = Math.fma(Math.fma(Math.fma(high, squared, middle), squared, low), squared, r) + 1f;
        return Float.intBitsToFloat(Float.floatToRawIntBits(p) + (Float.floatToRawIntBits(shifted) << 23));
    }
}
