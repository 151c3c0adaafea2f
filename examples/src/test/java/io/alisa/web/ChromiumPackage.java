package io.alisa.web;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * A headless Chromium for Linux on x86-64 out of an npm package, unpacked by the package's own code. Fetched once, and only
 * where {@code -Pbrowser} asks for it: 65 MB. {@code -Dbrowser.binary=FILE} takes one that is installed.
 */
final class ChromiumPackage {
    private static final String PACKAGE = "@sparticuz/chromium@147.0.0";
    private static final Path DIRECTORY = Path.of("target", "browser").toAbsolutePath();
    private static final int MINUTES_TO_WAIT = 8;

    private ChromiumPackage() {
    }

    /** The program; where none is asked for, the test is skipped. Where one is and can't be had, it fails and says why. */
    static Path binary() throws IOException, InterruptedException {
        String installed = System.getProperty("browser.binary", "");
        if (!installed.isEmpty()) {
            return Path.of(installed);
        }
        assumeTrue(Boolean.getBoolean("browser.fetch"), "no browser asked for: mvn -Pbrowser verify fetches one");
        Path binary = DIRECTORY.resolve("chromium");
        if (!Files.exists(binary)) {
            Files.createDirectories(DIRECTORY);
            run(List.of("npm", "install", "--prefix", DIRECTORY.toString(), "--no-save", "--ignore-scripts",
                    "--no-audit",
                    "--no-fund", PACKAGE));
            run(List.of("node", "--input-type=module", "--eval",
                    "import chromium from '@sparticuz/chromium'; await chromium.executablePath();"));
        }
        return binary;
    }

    private static void run(List<String> command) throws IOException, InterruptedException {
        Path output = DIRECTORY.resolve(command.getFirst() + ".log");
        ProcessBuilder builder = new ProcessBuilder(command).directory(DIRECTORY.toFile()).redirectErrorStream(true)
                .redirectOutput(output.toFile());
        builder.environment().putAll(Map.of("TMPDIR", DIRECTORY.toString()));
        Process process;
        try {
            process = builder.start();
        } catch (IOException e) {
            throw new IOException(
                    "The browser comes from an npm package, and there is no " + command.getFirst() + " here",
                    e);
        }
        boolean ended = process.waitFor(MINUTES_TO_WAIT, TimeUnit.MINUTES);
        if (!ended) {
            process.destroyForcibly();
        }
        if (!ended || process.exitValue() != 0) {
            throw new IOException("The browser can't be fetched or unpacked: see " + output);
        }
    }
}
