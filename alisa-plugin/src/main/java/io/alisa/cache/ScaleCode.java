package io.alisa.cache;

/**
 * Scales as 8-bit floats: five bits of exponent, three of mantissa, no sign; {@code 2^(e - 23) * (1 + m / 8)}.
 *
 * <p>They reach from 1.2e-7 to 480, which times 127 covers keys and values from 1.5e-5 to 61,000. A scale is at most an
 * eighth larger than it need be, and costs a quarter of a float.
 */
public final class ScaleCode {
    private static final int BIAS = 127 - 23;
    /** A scale's float has the bits {@code (code << MANTISSA_SHIFT) + ZERO_BITS}. */
    public static final int MANTISSA_SHIFT = 23 - 3;
    public static final int ZERO_BITS = BIAS << 23;
    private static final int LARGEST = 255;
    private static final float[] VALUES = new float[LARGEST + 1];

    static {
        for (int code = 0; code <= LARGEST; code++) {
            VALUES[code] = Float.intBitsToFloat((code << MANTISSA_SHIFT) + ZERO_BITS);
        }
    }

    private ScaleCode() {
    }

    /** The scale of a code's low eight bits. */
    public static float decode(int code) {
        return VALUES[code & LARGEST];
    }

    /** Code of the smallest scale that is not below {@code scale}; the largest where there is none. */
    public static int atLeast(float scale) {
        if (!(scale > VALUES[0])) {
            return 0;
        }
        int roundedUp = Float.floatToRawIntBits(scale) + (1 << MANTISSA_SHIFT) - 1;
        return Math.min(LARGEST, (roundedUp >> MANTISSA_SHIFT) - (BIAS << 3));
    }

    /** Code of the scale nearest to {@code scale}. */
    public static int nearest(float scale) {
        if (!(scale > VALUES[0])) {
            return 0;
        }
        int rounded = Float.floatToRawIntBits(scale) + (1 << (MANTISSA_SHIFT - 1));
        return Math.min(LARGEST, (rounded >> MANTISSA_SHIFT) - (BIAS << 3));
    }
}
