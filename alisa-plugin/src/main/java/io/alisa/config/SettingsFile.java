package io.alisa.config;

import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.ConcurrentHashMap;

import org.jspecify.annotations.Nullable;

/**
 * Reads files of settings. Settings are read again for every session, and a file that is just being replaced must not mean
 * the defaults for one of them: what it said last holds until it can be read again. Thread-safe.
 */
final class SettingsFile {
    /** What each file said last. */
    private static final Map<String, Properties> LAST = new ConcurrentHashMap<>();

    private SettingsFile() {
    }

    /**
     * What the file says, or said last; nothing where it never could be read.
     *
     * @param warnings where a sentence is added if it can't be read
     */
    static Properties read(String path, List<String> warnings) {
        Properties content = new Properties();
        try (Reader reader = Files.newBufferedReader(Path.of(path))) {
            content.load(reader);
            LAST.put(path, content);
            return content;
        } catch (IOException | IllegalArgumentException e) {
            @Nullable
            Properties last = LAST.get(path);
            warnings.add(Setting.CONFIG_FILE.key() + "='" + path + "' can't be read (" + e + "): going on "
                    + (last == null ? "without it" : "with what it said before"));
            return last == null ? new Properties() : last;
        }
    }
}
