package io.alisa.doctor;

import java.io.File;
import java.util.List;

import org.jspecify.annotations.Nullable;

/**
 * The command line.
 *
 * @param host class path that holds the host, see {@link HostClassPath}; null: not given
 */
record Arguments(@Nullable String host) {
    static final String USAGE = "usage: java -jar alisa-plugin.jar [--host PATH[" + File.pathSeparator + "PATH]...]"
            + "   checks this machine and this configuration; --host: the application's jars or their folder\n"
            + "       java -jar alisa-plugin.jar profile   measures this machine\n"
            + "       java -jar alisa-plugin.jar plan --model DIR --context N   what would be kept where\n"
            + "       java -jar alisa-plugin.jar --help | --version";

    /** Throws {@link IllegalArgumentException} with a sentence for the user. */
    static Arguments parse(List<String> words) {
        if (words.isEmpty()) {
            return new Arguments(null);
        }
        if (!words.getFirst().equals("--host")) {
            throw new IllegalArgumentException("Unknown argument '" + words.getFirst() + "'");
        }
        if (words.size() == 1 || words.get(1).isBlank()) {
            throw new IllegalArgumentException("--host needs a class path");
        }
        if (words.size() > 2) {
            throw new IllegalArgumentException("Unknown argument '" + words.get(2) + "'");
        }
        return new Arguments(words.get(1));
    }
}
