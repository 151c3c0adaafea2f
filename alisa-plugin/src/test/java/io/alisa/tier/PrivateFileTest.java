package io.alisa.tier;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.stream.Stream;

import io.alisa.ChildJvm;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A file of nobody but its owner, of which nothing stays. */
class PrivateFileTest {
    @TempDir
    Path directory = Path.of("");

    private static ByteBuffer bytes(int count, long seed) {
        byte[] content = new byte[count];
        new Random(seed).nextBytes(content);
        return ByteBuffer.allocateDirect(count).put(content).flip();
    }

    private static ByteBuffer read(BlockFile file, long position, int count) throws IOException {
        ByteBuffer target = ByteBuffer.allocateDirect(count);
        file.read(position, target);
        return target.flip();
    }

    private List<Path> left() throws IOException {
        try (Stream<Path> files = Files.walk(directory)) {
            return files.filter(path -> !path.equals(directory)).toList();
        }
    }

    // ---- what others can see

    @Test
    @EnabledOnOs({OS.LINUX, OS.MAC})
    void anOpenFileHasNoName() throws IOException {
        try (PrivateFile file = new PrivateFile(directory)) {
            file.reserve(100_000);
            file.write(5, bytes(1000, 1));
            assertThat(left()).isEmpty();
        }
    }

    @Test
    void aClosedFileIsGone() throws IOException {
        PrivateFile file = new PrivateFile(directory);
        file.write(0, bytes(1000, 1));
        file.close();
        assertThat(left()).isEmpty();
        file.close();
    }

    /** The kernel still knows an open file without a name. */
    @Test
    @EnabledOnOs(OS.LINUX)
    void onlyItsOwnerHasRightsToIt() throws IOException {
        try (PrivateFile file = new PrivateFile(directory); Stream<Path> open = Files.list(Path.of("/proc/self/fd"))) {
            file.reserve(1);
            assertThat(open.filter(this::isOurs).toList()).singleElement().satisfies(descriptor -> assertThat(
                    PosixFilePermissions.toString(Files.getPosixFilePermissions(descriptor))).isEqualTo("rw-------"));
        }
    }

    private boolean isOurs(Path descriptor) {
        try {
            return Files.readSymbolicLink(descriptor).startsWith(directory.toRealPath());
        } catch (IOException e) {
            return false; // closed meanwhile
        }
    }

    @Test
    @EnabledOnOs({OS.LINUX, OS.MAC})
    void aCrashLeavesNothing() throws IOException, InterruptedException {
        assertThat(ChildJvm.with().run(PrivateFileMain.class, directory.toString(), "3000000")).contains("written");
        assertThat(left()).isEmpty();
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void aFullDiskIsSaidAndLeavesNothing() throws IOException, InterruptedException {
        String said = ChildJvm.with().withFilesUpTo(1024).run(PrivateFileMain.class, directory.toString(), "3000000");
        assertThat(said).contains(directory.toString()).contains("File too large").doesNotContain("written")
                .as("no zeros stay that nobody counts").contains("ends at 100000");
        assertThat(left()).isEmpty();
    }

    // ---- reading and writing

    @Test
    void whatIsWrittenIsRead() throws IOException {
        Random random = new Random(7);
        byte[] expected = new byte[700_000];
        try (PrivateFile file = new PrivateFile(directory)) {
            file.reserve(expected.length);
            for (int i = 0; i < 200; i++) {
                int at = random.nextInt(expected.length - 1);
                ByteBuffer some = bytes(1 + random.nextInt(Math.min(50_000, expected.length - at)), i);
                some.duplicate().get(expected, at, some.remaining());
                file.write(at, some);
                assertThat(some.hasRemaining()).isFalse();
            }
            assertThat(read(file, 0, expected.length)).isEqualTo(ByteBuffer.wrap(expected));
        }
    }

    @Test
    void roomIsTakenWithoutTouchingWhatIsThere() throws IOException {
        try (PrivateFile file = new PrivateFile(directory)) {
            file.reserve(10);
            file.write(0, bytes(10, 1));
            file.reserve(1_000_000);
            file.reserve(20);
            assertThat(read(file, 0, 10)).isEqualTo(bytes(10, 1));
            assertThat(read(file, 999_990, 10)).isEqualTo(ByteBuffer.allocate(10));
        }
    }

    @Test
    void readingPastTheEndSaysWhereThatIs() throws IOException {
        try (PrivateFile file = new PrivateFile(directory)) {
            file.write(0, bytes(100, 1));
            assertThatIOException().isThrownBy(() -> read(file, 50, 51)).withMessageContaining("ends at 100")
                    .withMessageContaining(directory.toString());
            assertThatIOException().isThrownBy(() -> read(file, 5000, 1));
        }
    }

    @Test
    void aClosedFileSaysSo() throws IOException {
        PrivateFile file = new PrivateFile(directory);
        file.reserve(100);
        file.close();
        assertThatIOException().isThrownBy(() -> read(file, 0, 10)).withMessageContaining(directory.toString());
        assertThatIOException().isThrownBy(() -> file.write(0, bytes(10, 1)));
        assertThatIOException().isThrownBy(() -> file.reserve(200));
        assertThat(left()).isEmpty();
    }

    // ---- interrupts

    @Test
    void anInterruptedThreadReadsAndWritesAndStaysInterrupted() throws IOException {
        try (PrivateFile file = new PrivateFile(directory)) {
            Thread.currentThread().interrupt();
            file.reserve(600_000);
            file.write(100, bytes(1000, 1));
            assertThat(read(file, 100, 1000)).isEqualTo(bytes(1000, 1));
            assertThat(Thread.interrupted()).isTrue();
            assertThat(read(file, 100, 1000)).isEqualTo(bytes(1000, 1));
        } finally {
            Thread.interrupted();
        }
    }

    @Test
    void interruptsWhileAnotherThreadReadsCloseNothing() throws IOException, InterruptedException, ExecutionException {
        try (PrivateFile file = new PrivateFile(directory)) {
            file.write(0, bytes(300_000, 1));
            CountDownLatch begun = new CountDownLatch(1);
            FutureTask<Integer> reading = new FutureTask<>(() -> {
                int interrupts = 0;
                for (int i = 0; interrupts < 50; i++) {
                    begun.countDown();
                    assertThat(read(file, i % 7, 200_000)).isEqualTo(bytes(300_000, 1).slice(i % 7, 200_000));
                    interrupts += Thread.interrupted() ? 1 : 0;
                }
                return interrupts;
            });
            Thread reader = Thread.ofPlatform().start(reading);
            begun.await();
            while (reader.isAlive()) {
                reader.interrupt();
                Thread.onSpinWait();
            }
            assertThat(reading.get()).isEqualTo(50);
            assertThat(read(file, 0, 300_000)).isEqualTo(bytes(300_000, 1));
        }
    }

    // ---- directories where nothing can be made

    @ParameterizedTest
    @ValueSource(strings = {"absent", "file"})
    void aDirectoryThatIsNoneIsNamed(String name) throws IOException {
        Files.writeString(directory.resolve("file"), "");
        Path none = directory.resolve(name);
        assertThatIOException().isThrownBy(() -> new PrivateFile(none)).withMessageContaining("'" + none + "'");
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void aDirectoryThatCannotBeWrittenIsNamed() {
        Path none = Path.of("/proc"); // not even by root
        assertThatIOException().isThrownBy(() -> new PrivateFile(none)).withMessageContaining("'/proc'");
    }
}
