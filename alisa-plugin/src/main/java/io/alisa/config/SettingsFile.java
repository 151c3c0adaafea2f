package io.alisa.config;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
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
        @Nullable
        Properties last = LAST.get(path);
        try {
            Properties content = parse(Path.of(path), last != null && !last.isEmpty());
            LAST.put(path, content);
            return content;
        } catch (IOException | IllegalArgumentException e) {
            warnings.add(Setting.CONFIG_FILE.key() + "='" + path + "' can't be read (" + e + "): going on "
                    + (last == null ? "without it" : "with what it said before"));
            return last == null ? new Properties() : last;
        }
    }

    /** Who writes into a file empties it first, and fills it in one or more pieces. */
    private static Properties parse(Path path, boolean hadContent) throws IOException {
        FileTime changed = Files.getLastModifiedTime(path);
        String text = Files.readString(path);
        if (hadContent && text.isEmpty()) {
            throw new IOException("it is empty: if that is meant, write a comment into it");
        }
        if (!changed.equals(Files.getLastModifiedTime(path)) || Files.size(path) != text.getBytes(UTF_8).length) {
            throw new IOException("it is being written");
        }
        Properties content = new Properties();
        content.load(new StringReader(text));
        return content;
    }
}
