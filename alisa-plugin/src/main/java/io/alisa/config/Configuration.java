package io.alisa.config;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;

import org.jspecify.annotations.Nullable;

/**
 * The settings in force and where each came from. A system property wins over its environment twin, that, unless blank, over
 * the file, that over the default; a value that makes no sense is answered by a warning and the next source is not
 * asked: the default holds, but {@code alisa.enabled} and {@code alisa.prefix.scope} are off then, for who sets one of
 * them wants to be rid of us, or to share less. So they are where a file that was named can't be read: it may say so. Immutable.
 */
public final class Configuration {
    /** A setting's value in force. */
    public record Value(String text, String source) {
        /** Whether the default holds, because nobody gave one or because what was given makes no sense. */
        public boolean isDefault() {
            return source.startsWith(DEFAULT);
        }
    }

    private static final String DEFAULT = "default";
    private static final Properties NONE = new Properties();

    private final Map<Setting, Value> values = new EnumMap<>(Setting.class);
    private final List<String> warnings = new ArrayList<>();
    private @Nullable String doubtfullyOff;

    private Configuration(Properties system, Map<String, String> environment) {
        values.put(Setting.CONFIG_FILE, find(Setting.CONFIG_FILE, system, environment, NONE));
        String path = text(Setting.CONFIG_FILE);
        Properties file = path.isEmpty() ? NONE : SettingsFile.read(path, warnings);
        for (Setting setting : Setting.values()) {
            if (setting != Setting.CONFIG_FILE) {
                values.put(setting, find(setting, system, environment, file));
            }
        }
        warnOfUnknown(system, file == null ? NONE : file, environment);
    }

    /** Reads the settings of this process. */
    public static Configuration ofProcess() {
        return of(System.getProperties(), System.getenv());
    }

    public static Configuration of(Properties system, Map<String, String> environment) {
        return new Configuration(system, environment);
    }

    /** @param file null: there is one, but what it says is not known */
    private Value find(Setting setting, Properties system, Map<String, String> environment, @Nullable Properties file) {
        @Nullable
        String text = system.getProperty(setting.key());
        String source = "system property";
        if (text == null) {
            text = environment.get(setting.environmentKey());
            source = "environment " + setting.environmentKey();
            if (text != null && text.isBlank()) { // what compose files and scripts make of a variable that nobody set
                text = null;
            }
        }
        if (text == null) {
            if (file == null) {
                return unread(setting);
            }
            text = file.getProperty(setting.key());
            source = "file " + values.getOrDefault(Setting.CONFIG_FILE, new Value("", "")).text();
        }
        if (text == null) {
            return new Value(setting.defaultText(), DEFAULT);
        }
        text = text.strip();
        String value = setting.read(text);
        return value == null ? invalid(setting, text, source) : new Value(value, source);
    }

    private Value unread(Setting setting) {
        if (setting == Setting.ENABLED) {
            doubtfullyOff = warnings.getFirst() + ", and " + setting.key() + " is off, for it may say so: correct "
                    + Setting.CONFIG_FILE.key() + ", or set " + setting.key();
        }
        return fallback(setting, "the file can't be read");
    }

    private static Value fallback(Setting setting, String why) {
        String text = setting.fallback();
        return new Value(text, (text.equals(setting.defaultText()) ? DEFAULT : text) + ", because " + why);
    }

    private Value invalid(Setting setting, String text, String source) {
        String fallback = setting.fallback();
        String warning = setting.key() + "='" + text + "' (" + source + ") is not " + setting.expected() + ": using "
                + (fallback.isEmpty() ? "the default" : fallback);
        warnings.add(warning);
        if (setting == Setting.ENABLED) {
            doubtfullyOff = warning + "; set it to true, or remove it";
        }
        return fallback(setting, "the " + source + " is not valid");
    }

    private void warnOfUnknown(Properties system, Properties file, Map<String, String> environment) {
        List<String> keys = new ArrayList<>();
        List<String> twins = new ArrayList<>();
        for (Setting setting : Setting.values()) {
            keys.add(setting.key());
            twins.add(setting.environmentKey());
        }
        warnOfUnknown("alisa.", system.stringPropertyNames(), keys);
        warnOfUnknown("", file.stringPropertyNames(), keys); // nobody else's file: sparse=true was meant for us
        warnOfUnknown("ALISA_", environment.keySet(), twins);
    }

    private void warnOfUnknown(String prefix, Set<String> given, List<String> known) {
        for (String key : given) {
            if (key.startsWith(prefix) && !known.contains(key)) {
                warnings.add("'" + key + "' is not a setting: ignored; `java -jar alisa-plugin.jar` lists them");
            }
        }
    }

    /** Value and source of a setting. */
    public Value value(Setting setting) {
        Value value = values.get(setting);
        if (value == null) {
            throw new IllegalStateException("No value for " + setting);
        }
        return value;
    }

    public String text(Setting setting) {
        return value(setting).text();
    }

    public boolean flag(Setting setting) {
        return Boolean.parseBoolean(text(setting));
    }

    /**
     * Why the plugin is off though nobody said {@code false} in so many words, and what to do; null where that is not so.
     */
    public @Nullable String doubtfullyOff() {
        return doubtfullyOff;
    }

    /** What was wrong, a sentence each. */
    public List<String> warnings() {
        return List.copyOf(warnings);
    }
}
