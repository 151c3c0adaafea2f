package io.alisa.schedule;

import java.io.IOException;
import java.io.Reader;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;

import org.jspecify.annotations.Nullable;

/**
 * Where the measured profile is kept: a properties file in the user's cache directory, for the user's eyes only. A file
 * that can't be read, was tampered with or is another machine's is as good as none.
 */
public final class ProfileStore {
    /** How to get a profile. */
    public static final String HOW = "measure this machine with: java -jar alisa-plugin.jar profile";

    private static final Set<PosixFilePermission> OWNER_ONLY = PosixFilePermissions.fromString("rw-------");
    private static final long LARGEST_FILE = 64 << 10;
    private static final String SLOW_READ = "slowReadBytes.";
    /** Bytes or multiply-adds per second: no machine has less or more, and what is computed of them stays finite. */
    private static final double LEAST_RATE = 1e3;
    private static final double MOST_RATE = 1e18;

    private final Path file;
    private final String machine;

    /**
     * What was found.
     *
     * @param profile the stored profile; null: there is none that can be used
     * @param reason  where it is from, or why there is none
     */
    public record Found(@Nullable HardwareProfile profile, String reason) {
        /** The profile, or an assumed one. */
        public HardwareProfile orAssumed() {
            return profile == null ? HardwareProfile.assumed() : profile;
        }
    }

    /** A store in {@code file} for profiles of {@code machine}. */
    public ProfileStore(Path file, String machine) {
        this.file = file;
        this.machine = machine;
    }

    /** This user's, on this machine. */
    public static ProfileStore ofProcess() {
        return new ProfileStore(cache(System.getenv(), System.getProperty("user.home", "."))
                .resolve("alisa").resolve("profile.properties"), machineOfProcess());
    }

    /** The XDG base directories' rule: a relative path is ignored. */
    static Path cache(Map<String, String> environment, String home) {
        String configured = environment.getOrDefault("XDG_CACHE_HOME", "");
        try {
            if (Path.of(configured).isAbsolute()) {
                return Path.of(configured);
            }
        } catch (InvalidPathException e) {
            // as good as not set
        }
        return Path.of(home).resolve(".cache");
    }

    /**
     * What a profile must not be carried over to another of: processor, number of threads, memory size to a gigabyte. By the
     * processor's name alone virtual machines of several generations are the same.
     */
    private static String machineOfProcess() {
        return System.getProperty("os.name") + " " + System.getProperty("os.arch") + ", "
                + line("/proc/cpuinfo", "model name") + " family " + line("/proc/cpuinfo", "cpu family") + " model "
                + line("/proc/cpuinfo", "model\t") + ", " + Runtime.getRuntime().availableProcessors() + " processors, "
                + line("/proc/meminfo", "MemTotal").replaceFirst("(\\d+)\\d{6} kB", "$1 GB");
    }

    private static String line(String from, String name) {
        try (Stream<String> lines = Files.lines(Path.of(from))) {
            return lines.filter(line -> line.startsWith(name)).findFirst()
                    .map(line -> line.substring(line.indexOf(':') + 1).strip()).orElse("unknown");
        } catch (IOException | java.io.UncheckedIOException e) {
            return "unknown"; // not Linux
        }
    }

    public Path file() {
        return file;
    }

    /** The fingerprint that profiles made here carry. */
    public String machine() {
        return machine;
    }

    public Found load() {
        if (!Files.exists(file)) {
            return none("there is no profile of this machine");
        }
        Properties properties = new Properties();
        try {
            if (Files.size(file) > LARGEST_FILE) {
                return none("'" + file + "' is no profile: it is too large");
            }
            try (Reader reader = Files.newBufferedReader(file)) {
                properties.load(reader);
            }
        } catch (IOException | IllegalArgumentException e) {
            return none("'" + file + "' can't be read (" + e + ")");
        }
        String of = properties.getProperty("machine", "");
        if (!of.equals(machine)) {
            return none("'" + file + "' is another machine's ('" + of + "')");
        }
        try {
            return new Found(profile(properties), "measured, from '" + file + "'");
        } catch (IllegalArgumentException e) {
            return none("'" + file + "' is not a whole profile (" + e.getMessage() + ")");
        }
    }

    private static Found none(String reason) {
        return new Found(null, reason + "; " + HOW);
    }

    private static HardwareProfile profile(Properties properties) {
        TreeMap<Integer, Double> reads = new TreeMap<>();
        for (String key : properties.stringPropertyNames()) {
            if (key.startsWith(SLOW_READ)) {
                reads.put(Integer.valueOf(key.substring(SLOW_READ.length())), rate(properties, key));
            }
        }
        return new HardwareProfile(properties.getProperty("machine", ""), rate(properties, "readBytes"),
                rate(properties, "threadReadBytes"), rate(properties, "denseBytes"),
                rate(properties, "sparseBytes"), rate(properties, "digestBytes"),
                rate(properties, "multiplyAdds"), rate(properties, "slowWriteBytes"), reads);
    }

    private static double rate(Properties properties, String key) {
        String text = properties.getProperty(key);
        if (text == null) {
            throw new IllegalArgumentException(key + " is missing");
        }
        double rate = Double.parseDouble(text);
        if (!(rate >= LEAST_RATE && rate <= MOST_RATE)) { // nor NaN
            throw new IllegalArgumentException(key + " is no machine's: " + text);
        }
        return rate;
    }

    /** Replaces what was stored, at once: a reader sees the old file or the new one. */
    public void save(HardwareProfile profile) throws IOException {
        Properties properties = new Properties();
        properties.setProperty("machine", profile.machine());
        properties.setProperty("readBytes", Double.toString(profile.readBytes()));
        properties.setProperty("threadReadBytes", Double.toString(profile.threadReadBytes()));
        properties.setProperty("denseBytes", Double.toString(profile.denseBytes()));
        properties.setProperty("sparseBytes", Double.toString(profile.sparseBytes()));
        properties.setProperty("digestBytes", Double.toString(profile.digestBytes()));
        properties.setProperty("multiplyAdds", Double.toString(profile.multiplyAdds()));
        properties.setProperty("slowWriteBytes", Double.toString(profile.slowWriteBytes()));
        profile.slowReadBytes().forEach((request, rate) -> properties.setProperty(SLOW_READ + request,
                Double.toString(rate)));
        Path directory = file.toAbsolutePath().getParent();
        if (directory == null) {
            throw new IOException("'" + file + "' has no directory");
        }
        Files.createDirectories(directory);
        boolean posix = Files.getFileStore(directory).supportsFileAttributeView("posix");
        FileAttribute<?>[] attributes = posix
                ? new FileAttribute<?>[]{PosixFilePermissions.asFileAttribute(OWNER_ONLY)}
                : new FileAttribute<?>[0];
        Path written = Files.createTempFile(directory, "profile", ".tmp", attributes);
        try {
            try (Writer writer = Files.newBufferedWriter(written)) {
                properties.store(writer,
                        "Rates per second of this machine; made by: java -jar alisa-plugin.jar profile");
            }
            Files.move(written, file, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
        } finally {
            Files.deleteIfExists(written);
        }
    }
}
