package io.alisa.save;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import java.util.zip.CRC32C;

import com.sun.management.ThreadMXBean;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A file is there whole or not at all, for its owner only, and what is no session is refused. */
class SessionFileTest {
    private static final SessionManifest MANIFEST = new SessionManifest("model", "1", "INT8", 70, 2, TensorType.I8,
            List.of(2L, 128L), List.of(2L, 4L), 1, 2, 7, Map.of("exact", "false"));

    @TempDir
    Path directory = Path.of("");

    private static SessionWriter begin(Path file) throws IOException {
        return new SessionWriter(file, MANIFEST);
    }

    private static void fill(SessionWriter to) throws IOException {
        to.write(new int[70]);
        to.write(0, 65);
        for (int layer = 0; layer < 2; layer++) {
            to.write(new float[]{1, 2, 3, 4, 5, 6, 7, layer});
        }
        to.write(3, 0, 2, 2);
        to.write(new float[]{1, 2, 3});
        to.write(new float[0]);
        to.write(new float[]{4, 5, 6, 7});
        for (int piece : new int[]{0, 2, 3, 1}) { // layer after layer, or in any other order
            to.block(piece / 2, piece % 2);
            to.write(ByteBuffer.wrap(new byte[5]));
            to.write(ByteBuffer.allocate(251).put(250, (byte) piece));
        }
    }

    private Path whole(String name) throws IOException {
        Path file = directory.resolve(name);
        try (SessionWriter to = begin(file)) {
            fill(to);
            to.commit();
        }
        return file;
    }

    private List<Path> files() throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.toList();
        }
    }

    /** Each would have a checksum: a file of holes could make somebody hold a multiple of what is in it. */
    @Test
    void blocksSmallerThanAnyAreRefused() {
        SessionManifest manifest = new SessionManifest("model", "1", "INT8", 64, 400_000_000, TensorType.I8,
                List.of(1L),
                List.of(), 0, 0, 0, Map.of());
        assertThatThrownBy(() -> SessionManifest.of(manifest.header())).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("400000000 layers");
    }

    /** A file of holes: whoever reads it says no before there is a checksum in memory for each of its pieces. */
    @Test
    void whatTheReaderDoesNotWantTakesNoMemory() throws IOException {
        SafetensorsHeader header = new SessionManifest("model", "1", "INT8", 64, 4_000_000, TensorType.I8,
                List.of(1L, 256L), List.of(), 0, 0, 0, Map.of()).header();
        byte[] text = header.bytes();
        CRC32C crc = new CRC32C();
        crc.update(text);
        Path file = directory.resolve("holes");
        try (RandomAccessFile holes = new RandomAccessFile(file.toFile(), "rw")) {
            holes.setLength(text.length + header.dataBytes());
            holes.write(text);
            holes.seek(text.length + header.tensors().getLast().offset());
            holes.writeInt(Integer.reverseBytes((int) crc.getValue()));
        }
        ThreadMXBean threads = ManagementFactory.getPlatformMXBean(ThreadMXBean.class);
        long before = threads.getCurrentThreadAllocatedBytes();
        assertThatThrownBy(() -> SessionReader.open(file, manifest -> {
            throw new IllegalArgumentException("it has " + manifest.layers() + " layers");
        })).isInstanceOf(SaveException.class).hasMessageContaining("it has 4000000 layers; use a file");
        assertThat(threads.getCurrentThreadAllocatedBytes() - before).isLessThan(2 << 20);
    }

    @Test
    void moreThanAHeaderHoldsIsNotSaved() {
        SessionManifest manifest = new SessionManifest("model", "1", "INT8", 64, 1, TensorType.I8, List.of(256L),
                List.of(), 0, 0, 0, Map.of("pinned", "1-2 ".repeat(5000)));
        assertThatThrownBy(() -> new SessionWriter(directory.resolve("session"), manifest))
                .isInstanceOf(IllegalStateException.class).hasMessageContaining("pin fewer spans");
        assertThat(directory).isEmptyDirectory();
    }

    @Test
    void whatIsWrittenIsRead() throws IOException {
        try (SessionReader reader = SessionReader.open(whole("session"), any -> {
        })) {
            assertThat(reader.manifest()).isEqualTo(MANIFEST);
            assertThat(reader.tokens()).hasSize(70).containsOnly(0);
            assertThat(reader.batches()).containsExactly(0, 65);
            assertThat(reader.policyLengths()).containsExactly(3, 0, 2, 2);
            assertThat(reader.policyRows(3, 0, 2, 2)).containsExactly(new float[]{1, 2, 3}, new float[0],
                    new float[]{4, 5}, new float[]{6, 7});
            ByteBuffer block = ByteBuffer.allocate(256);
            reader.block(1, 0, block);
            assertThat(block.get(255)).isEqualTo((byte) 2);
            ByteBuffer recent = ByteBuffer.allocate(32);
            reader.recent(1, recent);
            assertThat(recent.order(ByteOrder.LITTLE_ENDIAN).getFloat(28)).isEqualTo(1f);
        }
    }

    @Test
    void nothingIsThereBeforeItIsWhole() throws IOException {
        Path file = Files.writeString(directory.resolve("session"), "what was here before");
        try (SessionWriter to = begin(file)) {
            to.write(new int[70]);
            assertThat(file).hasContent("what was here before");
            assertThat(files()).hasSize(2);
            assumeTrue(FileSystems.getDefault().supportedFileAttributeViews().contains("posix"),
                    "this system has no such permissions");
            for (Path temporary : files()) {
                assertThat(temporary.equals(file)
                        || PosixFilePermissions.toString(Files.getPosixFilePermissions(temporary)).equals("rw-------"))
                        .as("%s is for its owner only", temporary).isTrue();
            }
            assertThatThrownBy(to::commit).isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("not complete");
        }
        assertThat(files()).as("the unfinished one is gone").containsExactly(file);
        assertThat(file).hasContent("what was here before");
        assertThat(SessionReader.open(whole("session"), any -> {
        }).manifest()).isEqualTo(MANIFEST);
        assertThat(files()).containsExactly(file);
    }

    @Test
    void morePiecesThanThereAreAreRefused() throws IOException {
        try (SessionWriter to = begin(directory.resolve("session"))) {
            assertThatThrownBy(() -> to.write(new int[71])).isInstanceOf(IllegalArgumentException.class);
        }
    }

    @Test
    void placesThatCannotBeWrittenAreSaid() throws IOException {
        assertThatThrownBy(() -> begin(directory.resolve("none/session"))).isInstanceOf(IOException.class)
                .hasMessageContaining("choose a directory that exists");
        Path link = Files.createSymbolicLink(directory.resolve("link"), directory.resolve("elsewhere"));
        assertThatThrownBy(() -> begin(link)).hasMessageContaining("no ordinary file");
        assertThatThrownBy(() -> begin(directory)).hasMessageContaining("no ordinary file");
        assertThat(files()).containsExactly(link);
    }

    /** Applications do interrupt a generation; the thread is still interrupted then, and the file is as it was. */
    @Test
    void anInterruptedThreadIsToldSo() throws IOException {
        Path file = whole("session");
        byte[] before = Files.readAllBytes(file);
        interrupted(() -> whole("session"), "save again once");
        interrupted(() -> SessionReader.open(file, any -> {
        }), "restore it once");
        try (SessionWriter to = begin(file); SessionReader from = SessionReader.open(file, any -> {
        })) {
            interrupted(() -> fill(to), "save again once");
            interrupted(from::tokens, "restore it once");
        }
        assertThat(files()).containsExactly(file);
        assertThat(file).hasBinaryContent(before);
    }

    private void interrupted(ThrowingCallable call, String remedy) {
        Thread.currentThread().interrupt();
        try {
            assertThatThrownBy(call).isInstanceOf(IOException.class).hasMessageContaining(directory.toString())
                    .hasMessageContaining("the thread was interrupted; " + remedy)
                    .hasCauseInstanceOf(ClosedByInterruptException.class);
        } finally {
            assertThat(Thread.interrupted()).isTrue();
        }
    }

    // ---- leftovers

    /** Somebody who was killed in the midst of it leaves a file that nobody has locked. */
    @Test
    void leftoversOfDeadProcessesGoWithTheNextSave() throws IOException, InterruptedException {
        Path left = Files.createFile(directory.resolve(".alisa-save-0.tmp"));
        writtenBefore(left, 61);
        Path other = Files.createFile(directory.resolve("other.tmp"));
        Path file = whole("session");
        assertThat(files()).containsExactlyInAnyOrder(other, file).doesNotContain(left);
    }

    @Test
    void whatAnotherProcessIsWritingStays() throws IOException, InterruptedException {
        Path theirs = Files.createFile(directory.resolve(".alisa-save-1.tmp"));
        writtenBefore(theirs, 61);
        Process process = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-cp",
                System.getProperty("java.class.path").split(File.pathSeparator, 2)[0], Holder.class.getName(),
                theirs.toString()).redirectErrorStream(true).start();
        var _ = process.onExit().orTimeout(2, TimeUnit.MINUTES).exceptionally(late -> process.destroyForcibly());
        try {
            assertThat(process.inputReader().readLine()).isEqualTo("held");
            assertThat(List.of(whole("session"), theirs)).containsExactlyInAnyOrderElementsOf(files());
        } finally {
            process.destroy();
            assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        }
        whole("session");
        assertThat(files()).as("once they are gone").containsExactly(directory.resolve("session"));
    }

    /** Where several machines use a directory, the locks of the others may not be seen here: what they write to is young. */
    @Test
    void whatMayBeWrittenElsewhereStays() throws IOException {
        Path theirs = Files.createFile(directory.resolve(".alisa-save-1.tmp"));
        List<Path> both = List.of(whole("session"), theirs);
        assertThat(files()).containsExactlyInAnyOrderElementsOf(both);
        writtenBefore(theirs, 59);
        whole("session");
        assertThat(files()).containsExactlyInAnyOrderElementsOf(both);
    }

    private static void writtenBefore(Path file, long minutes) throws IOException {
        Files.setLastModifiedTime(file, FileTime.from(Instant.now().minus(Duration.ofMinutes(minutes))));
    }

    /** Another process at work on a file. */
    static final class Holder {
        private Holder() {
        }

        public static void main(String[] arguments) throws IOException, InterruptedException {
            try (FileChannel channel = FileChannel.open(Path.of(arguments[0]), StandardOpenOption.WRITE);
                    FileLock lock = channel.lock()) {
                System.out.println(lock.isValid() ? "held" : "lost");
                Thread.currentThread().join();
            }
        }
    }

    // ---- refused

    private static void refused(Path file, String what) {
        assertThatThrownBy(() -> SessionReader.open(file, any -> {
        })).isInstanceOf(SaveException.class)
                .hasMessageContaining(what).hasMessageContaining("; ");
    }

    @Test
    void whatIsNoOrdinaryFileIsRefused() throws IOException {
        refused(directory.resolve("none"), "There is no file");
        refused(directory, "it is a directory");
        Path file = whole("session");
        refused(Files.createSymbolicLink(directory.resolve("link"), file), "it is a link");
        if (Files.exists(Path.of("/dev/zero"))) {
            refused(Path.of("/dev/zero"), "no ordinary file");
        }
    }

    @Test
    void whatIsCutOrLongerOrDamagedIsRefused() throws IOException {
        byte[] whole = Files.readAllBytes(whole("session"));
        Path file = directory.resolve("other");
        for (int length = 0; length < whole.length; length += 7) {
            refused(Files.write(file, Arrays.copyOf(whole, length)), "can't be restored");
        }
        refused(Files.write(file, Arrays.copyOf(whole, whole.length + 1)), "are there");
        for (int at = 0; at < whole.length; at++) {
            byte[] damaged = whole.clone();
            damaged[at] ^= 0x10;
            refused(Files.write(file, damaged), "can't be restored");
        }
    }

    /** Whoever cuts it may do so after its header was read. */
    @ParameterizedTest
    @ValueSource(longs = {0, 3, 200})
    @Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void whatIsCutWhileItIsOpenedIsRefused(long left) throws IOException {
        Path file = whole("session");
        assertThatThrownBy(() -> SessionReader.open(file, any -> cut(file, left))).isInstanceOf(SaveException.class)
                .hasMessageContaining("it became shorter while it was read; use a file");
    }

    private static void cut(Path file, long left) {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            channel.truncate(left);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void otherVersionsAndOtherFilesAreRefused() throws IOException {
        Path file = directory.resolve("other");
        SafetensorsHeader header = MANIFEST.header();
        Map<String, String> newer = new HashMap<>(header.metadata());
        newer.put("alisa.format", "2");
        refused(Files.write(file, new SafetensorsHeader(newer, List.of()).bytes()), "version '2' of the format");
        refused(Files.write(file, new SafetensorsHeader(Map.of(), List.of()).bytes()), "it is no saved session");
    }
}
