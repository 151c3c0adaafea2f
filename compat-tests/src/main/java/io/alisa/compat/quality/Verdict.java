package io.alisa.compat.quality;

/**
 * A bar and whether it is met.
 *
 * @param clear whether it would be whatever the error of the measurement
 */
record Verdict(String what, String bar, String measured, boolean passed, boolean clear) {
    /** So many standard errors away from a bar, a figure is clearly on that side of it: one in twenty is not. */
    private static final double SURE = 1.65;

    /**
     * @param miss          by how much the bar is missed, negative where it is met; not a number is a miss, and a clear one
     * @param standardError of that; not a number where nobody knows it, and then nothing is clear
     */
    static Verdict of(String what, String bar, String measured, double miss, double standardError) {
        return new Verdict(what, bar, measured, miss <= 0,
                Double.isNaN(miss) || Math.abs(miss) > SURE * standardError);
    }

    String word() {
        return (passed ? "pass" : "**FAIL**") + (clear ? "" : ", within the error of measuring");
    }
}
