package io.alisa.attention;

import io.alisa.cache.ScaleCode;

/** Which scale a row of INT8 gets. */
final class Int8Scale {
    /** The largest whole number of a row; -128 is not used, so that the scale is symmetric. */
    static final int LARGEST = 127;

    private Int8Scale() {
    }

    /** Code of the scale of a row whose largest magnitude is {@code largest}. */
    static int code(float largest) {
        float scale = ScaleCode.decode(ScaleCode.atLeast(largest / LARGEST));
        // A second look, at what the largest is rounded to: a scale that reaches that will do, its error is still below
        // half a scale, and quantising what has been quantised before changes nothing.
        return ScaleCode.atLeast((float) Math.rint(largest / scale) * scale / LARGEST);
    }

    /** A value in whole scales, within what a byte holds; what is not a number becomes zero. */
    static int round(float value, float scale) {
        return (int) Math.rint(Math.clamp(value / scale, (float) -LARGEST, (float) LARGEST));
    }
}
