package io.alisa.cuda.emulation;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Objects;
import java.util.Optional;

/** The C++ compiler of this machine. */
public final class Compiler {
    private Compiler() {
    }

    /** {@code g++}, the first on the path; empty where there is none. */
    public static Optional<Path> find() {
        return Arrays.stream(Objects.requireNonNullElse(System.getenv("PATH"), "").split(File.pathSeparator, -1))
                .map(directory -> Path.of(directory, "g++")).filter(Files::isExecutable).findFirst();
    }
}
