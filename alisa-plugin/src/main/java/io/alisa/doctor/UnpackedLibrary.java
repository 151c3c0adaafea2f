package io.alisa.doctor;

import java.io.File;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.attribute.UserPrincipal;
import java.util.ArrayList;
import java.util.List;

import org.jspecify.annotations.Nullable;

/**
 * JCuda's native library where JCuda unpacks it: under a fixed name in the directory for temporary files. What is there
 * under that name already is loaded without a look at whose it is.
 */
final class UnpackedLibrary {
    private static final String NAMES = "libJCuda*";

    private UnpackedLibrary() {
    }

    /** What another user has put where this process would load it from; null: nothing, or the system does not say. */
    static @Nullable Path foreign() {
        try {
            return foreign(Path.of(System.getProperty("java.io.tmpdir", ".")),
                    System.getProperty("java.library.path", ""), Files.getOwner(Path.of("/proc/self")));
        } catch (IOException | UnsupportedOperationException | InvalidPathException e) {
            return null;
        }
    }

    /**
     * @param temporary   where it is unpacked
     * @param libraryPath where it is looked for first
     */
    static @Nullable Path foreign(Path temporary, String libraryPath, UserPrincipal user) throws IOException {
        for (String directory : libraryPath.split(File.pathSeparator, -1)) {
            Path path = Path.of(directory);
            if (Files.isDirectory(path) && !in(path).isEmpty()) {
                return null;
            }
        }
        for (Path library : in(temporary)) {
            if (!Files.getOwner(library).equals(user)) {
                return library;
            }
        }
        return null;
    }

    private static List<Path> in(Path directory) throws IOException {
        List<Path> found = new ArrayList<>();
        try (DirectoryStream<Path> libraries = Files.newDirectoryStream(directory, NAMES)) {
            libraries.forEach(found::add);
        }
        return found;
    }
}
