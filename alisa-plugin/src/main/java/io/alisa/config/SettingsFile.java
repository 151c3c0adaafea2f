package io.alisa.config;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.StringReader;
import java.nio.charset.CharacterCodingException;
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
    /** Windows' editors begin a file with it: it would be a part of the first key. */
    private static final String BYTE_ORDER_MARK = "\uFEFF";
    /** What each file said last. */
    private static final Map<String, Properties> LAST = new ConcurrentHashMap<>();

    private SettingsFile() {
    }

    /**
     * What the file says, or said last; null where it never could be read.
     *
     * @param warnings where a sentence is added if it can't be read
     */
    static @Nullable Properties read(String path, List<String> warnings) {
        @Nullable
        Properties last = LAST.get(path);
        try {
            Properties content = parse(Path.of(path), last != null && !last.isEmpty());
            LAST.put(path, content);
            return content;
        } catch (IOException | IllegalArgumentException e) {
            warnings.add(Setting.CONFIG_FILE.key() + "='" + path + "' can't be read (" + e + "): going on "
                    + (last == null ? "without it" : "with what it said before"));
            return last;
        }
    }

    /** Who writes into a file empties it first, and fills it in one or more pieces. */
    private static Properties parse(Path path, boolean hadContent) throws IOException {
        FileTime changed = Files.getLastModifiedTime(path);
        String text = text(path);
        if (hadContent && text.isEmpty()) {
            throw new IOException("it is empty: if that is meant, write a comment into it");
        }
        if (!changed.equals(Files.getLastModifiedTime(path)) || Files.size(path) != text.getBytes(UTF_8).length) {
            throw new IOException("it is being written");
        }
        Properties content = new Properties();
        try {
            content.load(new StringReader(text.startsWith(BYTE_ORDER_MARK) ? text.substring(1) : text));
        } catch (IllegalArgumentException e) { // C:\\users without its second backslash
            throw new IOException(e.getMessage() + "; write / or \\\\ in paths", e);
        }
        return content;
    }

    /** The message of what is thrown otherwise is "Input length = 1". */
    private static String text(Path path) throws IOException {
        try {
            return Files.readString(path);
        } catch (CharacterCodingException e) {
            throw new IOException("it is not UTF-8", e);
        }
    }
}
