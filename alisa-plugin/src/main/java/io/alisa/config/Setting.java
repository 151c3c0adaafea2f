package io.alisa.config;

import java.util.List;
import java.util.Locale;

import io.alisa.units.ByteSize;
import org.jspecify.annotations.Nullable;

/** Every setting: its key, its default and how its text is checked. The one list that code and doctor share. */
public enum Setting {
    ENABLED("alisa.enabled", "true", Kind.FLAG, "false: the host runs untouched"), //
    CONFIG_FILE("alisa.config-file", "", Kind.TEXT, "a properties file with these same keys"), //
    SPARSE("alisa.sparse", "false", Kind.FLAG, "sparse KV on"), //
    SPARSE_POLICY("alisa.sparse.policy", "swa", Kind.CHOICE, "which tokens are attended", "swa", "swa-paper",
            "h2o", "streaming-llm", "local", "strided", "dense"), //
    CACHING_RATIO("alisa.sparse.caching-ratio", "0.2", Kind.SHARE, "share r of the tokens that is attended"), //
    MIN_CONTEXT("alisa.sparse.min-context", "256", Kind.COUNT, "dense below this many tokens"), //
    KV_TYPE("alisa.kv.type", "", Kind.CHOICE, "KV format; int8 when sparse, else the host's", "host", "int8"), //
    MEMORY_FAST("alisa.memory.fast", "auto", Kind.SIZE, "hard cap, bytes of KV in the fast tier"), //
    MEMORY_SLOW("alisa.memory.slow", "auto", Kind.SIZE, "hard cap, bytes in the slow tier; 0: none"), //
    SLOW_DIR("alisa.memory.slow-dir", "", Kind.TEXT, "where the file tier lives: on a disk, not in a tmpfs"), //
    RECOMPUTE("alisa.recompute", "auto", Kind.CHOICE, "phase III by cost, or never", "auto", "off"), //
    PREFIX_SCOPE("alisa.prefix.scope", "model", Kind.CHOICE,
            "who may go on from the KV of a closed session: any of its model, only itself, or nobody", "model",
            "session",
            "off"), //
    BACKEND("alisa.backend", "auto", Kind.CHOICE, "who does the arithmetic", "auto", "cuda", "vector",
            "scalar");

    /** How a value's text is checked. Plain comparisons: this runs before {@code main}, where a first lambda is dear. */
    private enum Kind {
        FLAG, CHOICE, TEXT, SHARE, COUNT, SIZE
    }

    /** A flag as people write it. */
    private static final List<String> ON = List.of("true", "on", "yes", "1");
    private static final List<String> OFF = List.of("false", "off", "no", "0");

    private final String key;
    private final String defaultText;
    private final Kind kind;
    private final String meaning;
    @SuppressWarnings("ImmutableEnumChecker") // List.of makes it so
    private final List<String> choices;

    Setting(String key, String defaultText, Kind kind, String meaning, String... choices) {
        this.key = key;
        this.defaultText = defaultText;
        this.kind = kind;
        this.meaning = meaning;
        this.choices = List.of(choices);
    }

    /** The system property, and the key in a file. */
    public String key() {
        return key;
    }

    /** The environment twin: upper case, {@code .} and {@code -} become {@code _}. */
    public String environmentKey() {
        return key.toUpperCase(Locale.ROOT).replace('.', '_').replace('-', '_');
    }

    /** The default as text; empty where there is none. */
    public String defaultText() {
        return defaultText;
    }

    public String meaning() {
        return meaning;
    }

    /** What holds where a text is no value: the default, but a switch that somebody touched is off, and what is shared too. */
    String fallback() {
        return switch (this) {
            case ENABLED -> "false";
            case PREFIX_SCOPE -> "off";
            default -> defaultText;
        };
    }

    /** The value that {@code text} means, spelled as the rest of the code knows it; null where it means none. */
    @Nullable
    String read(String text) {
        String lower = text.toLowerCase(Locale.ROOT);
        boolean known = switch (kind) {
            case FLAG -> ON.contains(lower) || OFF.contains(lower);
            case CHOICE -> choices.contains(lower);
            case SHARE -> isShare(text);
            case COUNT -> text.matches("\\d{1,9}");
            case SIZE -> lower.equals("auto") || ByteSize.isSize(text);
            case TEXT -> true;
        };
        if (!known) {
            return null;
        }
        if (kind == Kind.FLAG) {
            return String.valueOf(ON.contains(lower));
        }
        return kind == Kind.TEXT ? text : lower;
    }

    /** What would have been a value. */
    String expected() {
        return switch (kind) {
            case FLAG -> "true or false";
            case CHOICE -> "one of " + String.join(", ", choices);
            case SHARE -> "a number above 0 and at most 1";
            case COUNT -> "a whole number from 0 to 999999999";
            case SIZE -> "auto or a size such as 512m or 8g";
            case TEXT -> "a text";
        };
    }

    private static boolean isShare(String text) {
        try {
            double value = Double.parseDouble(text);
            return value > 0 && value <= 1;
        } catch (NumberFormatException e) {
            return false;
        }
    }
}
