package io.alisa.schedule;

import io.alisa.config.Configuration;
import io.alisa.config.Setting;
import io.alisa.units.ByteSize;

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

    /** The fast tier's cap by the settings, {@code byDefault} where they leave it to us. */
    public static long fast(Configuration configuration, long byDefault) {
        String text = configuration.text(Setting.MEMORY_FAST);
        return text.equals("auto") ? byDefault : ByteSize.parse(text);
    }

    /**
     * The fast tier's cap where it is left to us: half of what the process may use, or what a large heap leaves but for an
     * eighth, which the weights and all others need, too; and never less than an eighth.
     *
     * @param heap bytes that the Java heap may grow to
     */
    public static long fastByDefault(long usable, long heap) {
        long left = usable - usable / 8 - Math.min(heap, usable);
        return Math.max(usable / 8, Math.min(usable / 2, left));
    }

    /** The slow tier's: half of what is free on the disk, and no more than eight times the fast tier. */
    public static long slowByDefault(long fastBytes, long freeBytes) {
        return fastBytes > freeBytes ? freeBytes / 2 : Math.min(8 * fastBytes, freeBytes / 2);
    }
}
