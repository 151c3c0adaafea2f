package io.alisa.schedule;

/**
 * Hard caps of the tiers.
 *
 * @param fastBytes of the fast tier, everything of a session included
 * @param slowBytes of the slow tier; 0: there is none
 */
public record Caps(long fastBytes, long slowBytes) {
    public Caps {
        if (fastBytes < 0 || slowBytes < 0) {
            throw new IllegalArgumentException("Not caps: " + fastBytes + " and " + slowBytes + " bytes");
        }
    }
}
