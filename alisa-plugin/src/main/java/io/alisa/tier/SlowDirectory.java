package io.alisa.tier;

import java.io.IOException;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/**
 * Where the files of the slow tier are made, and what the system says of that place.
 *
 * @param path      the directory
 * @param type      of its file system, by the system's name for it
 * @param freeBytes that can still be written there
 */
public record SlowDirectory(Path path, String type, long freeBytes) {
    /** Looks at {@code path}; see {@link PrivateFile#directory} for which one that is. */
    public static SlowDirectory of(Path path) throws IOException {
        try {
            FileStore store = Files.getFileStore(path);
            return new SlowDirectory(path, store.type(), store.getUsableSpace());
        } catch (IOException e) {
            if (Files.isDirectory(path)) { // below a changed root, mount points are not found
                return new SlowDirectory(path, "of unknown kind", path.toFile().getUsableSpace());
            }
            throw e;
        }
    }

    /** Whether files there are RAM themselves, as {@code /tmp} is on many systems: moving KV there frees none. */
    public boolean isMemory() {
        String name = type.toLowerCase(Locale.ROOT);
        return name.equals("tmpfs") || name.equals("ramfs");
    }

    /** Bytes free on a disk: what is left to us may be taken from. */
    public long freeDiskBytes() {
        return isMemory() ? 0 : freeBytes;
    }

    /** Why nothing goes there unless somebody says how much, where it {@link #isMemory is memory}. */
    public String whyNone() {
        return path + " is " + type + ", which is RAM itself";
    }
}
