package io.alisa.compat.quality;

/** A bar and whether it is met. */
record Verdict(String what, String bar, String measured, boolean passed) {
}
