package io.alisa;

/** Where a session stands in the three-phase scheduler (ALISA, section V-A). */
public enum Phase {
    /** Everything is in the fast tier. */
    I,
    /** The fast and the slow tier share the KV. */
    II,
    /** As II, and some tokens were deleted: they are recomputed when asked for. */
    III
}
