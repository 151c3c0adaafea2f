package io.alisa.cuda.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Stream;

import io.alisa.cuda.emulation.EmulatedKernels;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the jar carries is what the sources say. */
class PtxTest {
    private static final Path SOURCES = Path.of("src", "main", "cuda");
    private static final Path PTX = Path.of("src", "main", "resources", "io", "alisa", "cuda");
    private static final Path CUDA = Path.of("/usr/local/cuda/bin");
    /** The compiler that made what is shipped; others write other code. */
    private static final String RELEASE = "release 13.0";
    private static final Pattern ENTRY = Pattern.compile("\\.visible \\.entry (\\w+)\\(");

    /** A variable of bytes in shared memory, with its length where it is an array. */
    private static final Pattern SHARED = Pattern
            .compile("(?m)^\\s*\\.shared \\.align \\d+ \\.[bu]8 [\\w$]+(?:\\[(\\d+)])?;");
    private static final int OWN_SHARED_BYTES = 1136;

    @TempDir
    Path made;

    @Test
    void isMadeFromTheseSources() throws IOException, NoSuchAlgorithmException {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (Path file : files(SOURCES, ".cu")) {
            all.write(Files.readAllBytes(file));
        }
        for (Path file : files(SOURCES, ".cuh")) {
            all.write(Files.readAllBytes(file));
        }
        all.write(Files.readAllBytes(SOURCES.resolve("build.sh")));
        String checksum = HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(all.toByteArray()));
        assertThat(Files.readString(PTX.resolve("sources.sha256")).strip())
                .as("sources changed: run sh src/main/cuda/build.sh").isEqualTo(checksum);
    }

    @Test
    void isWhatTheCompilerMakes() throws IOException, InterruptedException {
        Path nvcc = CUDA.resolve("nvcc");
        assumeTrue(Files.isExecutable(nvcc), "no nvcc here: the PTX is compared by its sources' checksum only");
        assumeTrue(run(List.of(nvcc.toString(), "--version")).contains(RELEASE), "nvcc is not of " + RELEASE);
        run(List.of("sh", SOURCES.resolve("build.sh").toString(), made.toString()));
        assertThat(files(made, "").stream().map(Path::getFileName))
                .containsExactlyElementsOf(files(PTX, "").stream().map(Path::getFileName).toList());
        for (Path file : files(made, "")) {
            assertThat(PTX.resolve(file.getFileName())).hasSameTextualContentAs(file);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"sm_75", "sm_80", "sm_90", "sm_120"})
    void assemblesFor(String card) throws IOException, InterruptedException {
        Path ptxas = CUDA.resolve("ptxas");
        assumeTrue(Files.isExecutable(ptxas), "no ptxas here: the PTX is not assembled");
        for (Path file : files(PTX, ".ptx")) {
            if (!card.equals("sm_75") || file.endsWith("common.ptx")) {
                run(List.of(ptxas.toString(), "-arch=" + card, "-O0", "-o", made.resolve("out").toString(),
                        file.toString()));
            }
        }
    }

    @Test
    void holdsTheKernelsThatAreEmulated() throws IOException {
        TreeSet<String> entries = new TreeSet<>();
        for (Path file : files(PTX, ".ptx")) {
            ENTRY.matcher(Files.readString(file)).results().forEach(found -> entries.add(found.group(1)));
        }
        assertThat(entries).isNotEmpty();
        assertThat(EmulatedKernels.orSkip().names()).isEqualTo(entries);
    }

    /** What Java counts beside what launches ask for; the assembler rounds the sum up to 16 bytes. */
    @Test
    void kernelsHaveAsMuchSharedMemoryOfTheirOwnAsJavaCounts() throws IOException {
        for (Path file : files(PTX, ".ptx")) {
            if (file.getFileName().toString().startsWith("attention-")) {
                int bytes = SHARED.matcher(Files.readString(file)).results()
                        .mapToInt(found -> found.group(1) == null ? 1 : Integer.parseInt(found.group(1))).sum();
                assertThat(bytes).as("%s", file).isBetween(OWN_SHARED_BYTES - 15, OWN_SHARED_BYTES);
            }
        }
    }

    private static List<Path> files(Path directory, String ending) throws IOException {
        try (Stream<Path> all = Files.list(directory)) {
            return all.filter(file -> file.toString().endsWith(ending)).sorted().toList();
        }
    }

    private String run(List<String> command) throws IOException, InterruptedException {
        Path log = made.resolveSibling(made.getFileName() + ".log");
        Process process = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile()).start();
        if (!process.waitFor(10, TimeUnit.MINUTES)) {
            process.destroyForcibly();
            throw new IOException(command + " does not end");
        }
        String output = Files.readString(log, StandardCharsets.UTF_8);
        Files.delete(log);
        assertThat(process.exitValue()).as("%s%n%s", command, output).isZero();
        return output;
    }
}
