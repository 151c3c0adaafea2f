package io.alisa.compat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.stream.Stream;

/** A directory for what the host or a whole process leaves behind; closing deletes it with all that is in it. */
public final class TemporaryDirectory implements AutoCloseable {
    private final Path path;

    private TemporaryDirectory(Path path) {
        this.path = path;
    }

    /** Makes one where this process has its temporary files. */
    public static TemporaryDirectory make() throws IOException {
        return new TemporaryDirectory(Files.createTempDirectory("alisa-compat"));
    }

    /** Makes one in another directory, which is made too where it is missing. */
    public static TemporaryDirectory in(Path directory) throws IOException {
        return new TemporaryDirectory(
                Files.createTempDirectory(Files.createDirectories(directory).toAbsolutePath(), "tmp"));
    }

    public Path path() {
        return path;
    }

    /** Has a JVM put its temporary files there: killed, it leaves the host's native library, which is then deleted here. */
    public String flag() {
        return "-Djava.io.tmpdir=" + path;
    }

    /** Whoever uses it must have ended. */
    @Override
    public void close() throws IOException {
        delete(path);
    }

    /** Deletes a directory with all that is in it; of links, only the links. */
    public static void delete(Path directory) throws IOException {
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }
}
