package io.alisa.config;

import java.util.List;
import java.util.Locale;

import org.jspecify.annotations.Nullable;

/** Every setting: its key, its default and how its text is checked. The one list that code and doctor share. */
public enum Setting {
    ENABLED("alisa.enabled", "true", Kind.CHOICE, "false: the host runs untouched", "true", "false"), //
    CONFIG_FILE("alisa.config-file", "", Kind.TEXT, "a properties file with these same keys"), //
    SPARSE("alisa.sparse", "false", Kind.CHOICE, "sparse KV on", "true", "false"), //
    SPARSE_POLICY("alisa.sparse.policy", "swa", Kind.CHOICE, "which tokens are attended", "swa", "swa-paper",
            "h2o", "streaming-llm", "local", "strided", "dense"), //
    CACHING_RATIO("alisa.sparse.caching-ratio", "0.2", Kind.SHARE, "share r of the tokens that is attended"), //
    MIN_CONTEXT("alisa.sparse.min-context", "256", Kind.COUNT, "dense below this many tokens"), //
    KV_TYPE("alisa.kv.type", "", Kind.CHOICE, "KV format; int8 when sparse, else the host's", "host", "int8"), //
    MEMORY_FAST("alisa.memory.fast", "auto", Kind.SIZE, "hard cap, bytes of KV in the fast tier"), //
    MEMORY_SLOW("alisa.memory.slow", "auto", Kind.SIZE, "hard cap, bytes in the slow tier; 0: none"), //
    SLOW_DIR("alisa.memory.slow-dir", "", Kind.TEXT, "where the file tier lives"), //
    RECOMPUTE("alisa.recompute", "auto", Kind.CHOICE, "phase III by cost, or never", "auto", "off"), //
    PREFIX_SCOPE("alisa.prefix.scope", "model", Kind.CHOICE,
            "who may go on from the KV of a closed session: any of its model, only itself, or nobody", "model",
            "session",
            "off"), //
    BACKEND("alisa.backend", "auto", Kind.CHOICE, "who does the arithmetic", "auto", "cuda", "vector",
            "scalar");

    /** How a value's text is checked. Plain comparisons: this runs before {@code main}, where a first lambda is dear. */
    private enum Kind {
        CHOICE, TEXT, SHARE, COUNT, SIZE
    }

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

    /** Null when {@code text} is a value of this setting, else what would be one. */
    @Nullable
    String complaint(String text) {
        if (kind == Kind.CHOICE) {
            return choices.contains(text) ? null : "one of " + String.join(", ", choices);
        }
        if (kind == Kind.SHARE) {
            return isShare(text) ? null : "a number above 0 and at most 1";
        }
        if (kind == Kind.COUNT) {
            return text.matches("\\d{1,9}") ? null : "a whole number, 0 or more";
        }
        if (kind == Kind.SIZE) {
            return text.equals("auto") || ByteSize.isSize(text) ? null : "auto or a size such as 512m or 8g";
        }
        return null;
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
