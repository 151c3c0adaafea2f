package io.alisa.compat.quality;

/**
 * A bar and whether it is met.
 *
 * @param clear whether it would be whatever the error of the measurement
 */
record Verdict(String what, String bar, String measured, boolean passed, boolean clear) {
    /** Of something that is counted. */
    Verdict(String what, String bar, String measured, boolean passed) {
        this(what, bar, measured, passed, true);
    }

    String word() {
        return (passed ? "pass" : "**FAIL**") + (clear ? "" : ", within the error of measuring");
    }
}
