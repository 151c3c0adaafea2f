package io.alisa.config;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;

import org.jspecify.annotations.Nullable;

/** Every setting: its key, its default and how its text is checked. The one list that code and doctor share. */
public enum Setting {
    ENABLED("alisa.enabled", "true", Kind.FLAG, "false: the host runs untouched"),
    CONFIG_FILE("alisa.config-file", "", Kind.TEXT, "a properties file with these same keys"),
    SPARSE("alisa.sparse", "false", Kind.FLAG, "sparse KV on"),
    SPARSE_POLICY("alisa.sparse.policy", "swa",
            Kind.choice("swa", "swa-paper", "h2o", "streaming-llm", "local", "strided", "dense"),
            "which tokens are attended"),
    CACHING_RATIO("alisa.sparse.caching-ratio", "0.2", Kind.SHARE, "share r of the tokens that is attended"),
    MIN_CONTEXT("alisa.sparse.min-context", "256", Kind.COUNT, "dense below this many tokens"),
    KV_TYPE("alisa.kv.type", "", Kind.choice("host", "int8"), "KV format; int8 when sparse, else the host's"),
    MEMORY_FAST("alisa.memory.fast", "auto", Kind.SIZE, "hard cap, bytes of KV in the fast tier"),
    MEMORY_SLOW("alisa.memory.slow", "auto", Kind.SIZE, "hard cap, bytes in the slow tier; 0: none"),
    SLOW_DIR("alisa.memory.slow-dir", "", Kind.TEXT, "where the file tier lives"),
    RECOMPUTE("alisa.recompute", "auto", Kind.choice("auto", "off"), "phase III by cost, or never"),
    BACKEND("alisa.backend", "auto", Kind.choice("auto", "cuda", "vector", "scalar"), "who does the arithmetic");

    private final String key;
    private final String defaultText;
    @SuppressWarnings("ImmutableEnumChecker") // a record of a text and a stateless predicate
    private final Kind kind;
    private final String meaning;

    Setting(String key, String defaultText, Kind kind, String meaning) {
        this.key = key;
        this.defaultText = defaultText;
        this.kind = kind;
        this.meaning = meaning;
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
        return kind.accepts(text) ? null : kind.expected();
    }

    /** How a value's text is checked. */
    private record Kind(String expected, java.util.function.Predicate<String> check) {
        static final Kind FLAG = choice("true", "false");
        static final Kind TEXT = new Kind("text", text -> true);
        static final Kind SHARE = new Kind("a number above 0 and at most 1", Kind::isShare);
        static final Kind COUNT = new Kind("a whole number, 0 or more", text -> text.matches("\\d{1,9}"));
        static final Kind SIZE = new Kind("auto or a size such as 512m or 8g",
                text -> text.equals("auto") || ByteSize.isSize(text));

        static Kind choice(String... values) {
            List<String> allowed = Arrays.asList(values);
            return new Kind("one of " + String.join(", ", allowed), allowed::contains);
        }

        boolean accepts(String text) {
            return check.test(text);
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
}
