package io.alisa.cuda.emulation;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import java.util.zip.CRC32C;

import org.junit.jupiter.api.Assumptions;

/**
 * The kernels compiled by g++, see {@code src/test/cuda/emulation.h}. Addresses on the "device" are addresses of this
 * process. Launches are synchronous and run one after the other, whoever asks for them.
 */
@SuppressWarnings("restricted") // foreign functions are what this is for
public final class EmulatedKernels {
    /** This module, for tests that run elsewhere. */
    private static final Path BASE = Path.of(System.getProperty("test.kernels-cuda", ""));
    private static final Path SOURCES = BASE.resolve(Path.of("src", "test", "cuda"));
    private static final Path KERNELS = BASE.resolve(Path.of("src", "main", "cuda"));
    private static final Path LIBRARIES = BASE.resolve(Path.of("target", "emulation"));
    /**
     * No product joined with a sum: on some machines g++ would, and __fmul_rn would not round. No stack checks: fibers jump
     * between stacks, which is what those look for. No folding of identical functions: GCC 12 takes what it knows of one
     * function's arguments to hold for the other's, and computes wrong offsets.
     */
    private static final List<String> FLAGS = List.of("-std=c++17", "-O2", "-ffp-contract=off", "-fno-ipa-icf", "-fPIC",
            "-shared", "-D_FORTIFY_SOURCE=0", "-fno-stack-protector");
    private static final int COMPILE_MINUTES = 5;
    private static final Optional<EmulatedKernels> INSTANCE = load();

    private final MethodHandle names;
    private final MethodHandle emulate;
    private final MethodHandle message;
    private final MethodHandle sharedBytes;
    private final MethodHandle cap;

    private EmulatedKernels(SymbolLookup library) {
        Linker linker = Linker.nativeLinker();
        names = linker.downcallHandle(library.findOrThrow("alisa_names"),
                FunctionDescriptor.of(ValueLayout.ADDRESS));
        message = linker.downcallHandle(library.findOrThrow("alisa_message"),
                FunctionDescriptor.of(ValueLayout.ADDRESS));
        sharedBytes = linker.downcallHandle(library.findOrThrow("alisa_shared_bytes"), FunctionDescriptor
                .of(ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.JAVA_INT, ValueLayout.JAVA_INT,
                        ValueLayout.JAVA_INT));
        cap = linker.downcallHandle(library.findOrThrow("alisa_cap"),
                FunctionDescriptor.ofVoid(ValueLayout.ADDRESS, ValueLayout.JAVA_INT, ValueLayout.JAVA_FLOAT));
        emulate = linker.downcallHandle(library.findOrThrow("alisa_emulate"),
                FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.JAVA_INT,
                        ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.JAVA_INT,
                        ValueLayout.ADDRESS));
    }

    /** The kernels; where there is no g++ on the path the test that asks is skipped, saying so. */
    public static EmulatedKernels orSkip() {
        Assumptions.assumeTrue(INSTANCE.isPresent(),
                "no g++ on the path: the CUDA kernels are not emulated, not tested");
        return INSTANCE.orElseThrow();
    }

    /** Names of all kernels. */
    public SortedSet<String> names() {
        try {
            return new TreeSet<>(Arrays.asList(text((MemorySegment) names.invokeExact()).split("\n")));
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    /** Dynamic shared memory that a kernel is to be launched with, as {@code attention.cuh} says. */
    public int sharedBytes(String kernel, int headSize, int group, int threads) {
        try (Arena arena = Arena.ofConfined()) {
            return (int) sharedBytes.invokeExact(arena.allocateFrom(kernel), headSize, group, threads);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    /** Caps scores in place, as the kernels cap estimates. */
    public void cap(float[] scores, float softCap) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment all = arena.allocateFrom(ValueLayout.JAVA_FLOAT, scores);
            cap.invokeExact(all, scores.length, softCap);
            MemorySegment.copy(all, ValueLayout.JAVA_FLOAT, 0, scores, 0, scores.length);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    /**
     * Runs a kernel to its end.
     *
     * @param parameters the kernel's parameter structure, see {@code attention.cuh}
     * @throws IllegalStateException where the kernel did something that it must not
     */
    public void launch(String kernel, int gridX, int gridY, int gridZ, int blockX, int sharedBytes,
            MemorySegment parameters) {
        try (Arena arena = Arena.ofConfined()) {
            int failed = (int) emulate.invokeExact(arena.allocateFrom(kernel), gridX, gridY, gridZ, blockX, sharedBytes,
                    parameters);
            if (failed != 0) {
                throw new IllegalStateException(text((MemorySegment) message.invokeExact()));
            }
        } catch (IllegalStateException e) {
            throw e;
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    private static String text(MemorySegment address) {
        return address.reinterpret(Long.MAX_VALUE).getString(0);
    }

    private static RuntimeException unexpected(Throwable e) {
        return new IllegalStateException("call of the emulation failed", e);
    }

    private static Optional<EmulatedKernels> load() {
        Optional<Path> compiler = Compiler.find();
        if (compiler.isEmpty()) {
            return Optional.empty();
        }
        try {
            Path library = LIBRARIES.resolve("libalisa-emulation-%08x.so".formatted(checksum()));
            if (!Files.exists(library)) {
                compile(compiler.get(), library);
            }
            return Optional.of(
                    new EmulatedKernels(SymbolLookup.libraryLookup(library.toAbsolutePath(), Arena.global())));
        } catch (IOException e) {
            throw new UncheckedIOException("cannot compile the emulated kernels", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    /** Of all that is compiled: one library serves every process of a build. */
    private static long checksum() throws IOException {
        CRC32C sum = new CRC32C();
        for (Path directory : List.of(KERNELS, SOURCES)) {
            try (Stream<Path> files = Files.list(directory)) {
                for (Path file : files.filter(Files::isRegularFile).sorted().toList()) {
                    sum.update(file.getFileName().toString().getBytes(StandardCharsets.UTF_8));
                    sum.update(Files.readAllBytes(file));
                }
            }
        }
        FLAGS.forEach(flag -> sum.update(flag.getBytes(StandardCharsets.UTF_8)));
        return sum.getValue();
    }

    private static void compile(Path compiler, Path library) throws IOException, InterruptedException {
        Files.createDirectories(LIBRARIES);
        Path made = Files.createTempFile(LIBRARIES, "made", ".so");
        Path log = LIBRARIES.resolve("g++.log");
        List<String> command = new ArrayList<>(List.of(compiler.toString()));
        command.addAll(FLAGS);
        command.addAll(List.of("-I", SOURCES.toString(), "-o", made.toString(),
                SOURCES.resolve("emulation.cpp").toString()));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile()).start();
        if (!process.waitFor(COMPILE_MINUTES, TimeUnit.MINUTES)) {
            process.destroyForcibly();
            throw new IOException("g++ does not end");
        }
        if (process.exitValue() != 0) {
            throw new IOException("g++ failed:\n" + Files.readString(log));
        }
        Files.move(made, library, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }
}
