package io.alisa.units;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Sizes as people write them ({@code 512m}, {@code 8 GiB}, {@code 1.5g}) and as people read them. */
public final class ByteSize {
    /** A fraction only before a unit: there is no half of a byte, and who wrote one forgot the unit. */
    private static final Pattern SIZE = Pattern.compile(
            "(\\d{1,15}(?:\\.\\d{1,9}(?=\\s*[kmgt]))?)\\s*(?:([kmgt])i?)?b?");

    private ByteSize() {
    }

    /** Whether {@link #parse} can read it. */
    public static boolean isSize(String text) {
        try {
            parse(text);
            return true;
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    /** Bytes of {@code text}, rounded down; all units are powers of 1024, whatever they are called. */
    public static long parse(String text) {
        Matcher matcher = SIZE.matcher(text.toLowerCase(Locale.ROOT));
        if (matcher.matches()) {
            int exponent = matcher.group(2) == null ? 0 : " kmgt".indexOf(matcher.group(2));
            BigInteger bytes = new BigDecimal(matcher.group(1)).multiply(BigDecimal.valueOf(1L << (10 * exponent)))
                    .toBigInteger();
            if (bytes.bitLength() < Long.SIZE) {
                return bytes.longValue();
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
