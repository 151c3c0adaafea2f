package io.alisa.config;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Sizes as people write them ({@code 512m}, {@code 8g}) and as people read them. */
public final class ByteSize {
    private static final Pattern SIZE = Pattern.compile("(\\d{1,15})([kmgt]?)b?");

    private ByteSize() {
    }

    static boolean isSize(String text) {
        try {
            parse(text);
            return true;
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    /** Bytes of {@code text}; units are powers of 1024. */
    public static long parse(String text) {
        Matcher matcher = SIZE.matcher(text.toLowerCase(Locale.ROOT));
        if (matcher.matches()) {
            long unit = 1L << (10 * " kmgt".indexOf(matcher.group(2).isEmpty() ? " " : matcher.group(2)));
            long count = Long.parseLong(matcher.group(1));
            if (count <= Long.MAX_VALUE / unit) {
                return count * unit;
            }
        }
        throw new IllegalArgumentException("Not a size: '" + text + "'; write for instance 512m or 8g");
    }

    /** {@code bytes} with a unit, three digits or so. */
    public static String format(long bytes) {
        if (bytes < 1024) {
            return bytes + " B";
        }
        int exponent = (63 - Long.numberOfLeadingZeros(bytes)) / 10;
        return String.format(Locale.ROOT, "%.1f %ciB", bytes / (double) (1L << (10 * exponent)),
                "KMGTPE".charAt(exponent - 1));
    }
}
