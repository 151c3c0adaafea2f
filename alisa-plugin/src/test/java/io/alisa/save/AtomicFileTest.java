package io.alisa.save;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Locks only keep a file from being taken for a leftover: what they do must not keep it from being written. */
class AtomicFileTest {
    @TempDir
    Path directory = Path.of("");

    private final List<FileChannel> made = new ArrayList<>();

    private List<Path> files() throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.toList();
        }
    }

    /** Has all files that are there deleted, as another process would that has locked them. */
    private void sweep() throws IOException {
        for (Path file : files()) {
            Files.delete(file);
        }
    }

    private void writes(TemporaryFile.Locking locking, int names) throws IOException {
        Path file = directory.resolve("session");
        try (AtomicFile to = new AtomicFile(file, channel -> {
            made.add(channel);
            return locking.tryLock(channel);
        })) {
            to.write(ByteBuffer.wrap("all of it".getBytes(StandardCharsets.US_ASCII)));
            to.commit();
        }
        assertThat(file).hasContent("all of it");
        assertThat(files()).containsExactly(file);
        assertThat(made).hasSize(names).noneMatch(FileChannel::isOpen);
    }

    @Test
    void aFileSystemWithoutLocksWillDo() throws IOException {
        writes(channel -> {
            throw new IOException("No locks available");
        }, 1);
    }

    @Test
    void whatIsSweptAwayBeforeItIsLockedGetsAnotherName() throws IOException {
        writes(channel -> {
            if (made.size() == 1) {
                sweep();
                return null; // he has it locked still
            }
            if (made.size() == 2) {
                sweep(); // he is done already
            }
            if (made.size() == 3) {
                throw new OverlappingFileLockException();
            }
            return channel.tryLock();
        }, 4);
    }

    @Test
    void lockedByAnybodyEachTimeItIsWrittenAllTheSame() throws IOException {
        writes(channel -> null, 8);
    }

    @Test
    void whatIsSweptAwayEachTimeIsSaid() throws IOException {
        assertThatIOException().isThrownBy(() -> writes(channel -> {
            sweep();
            return null;
        }, 0)).withMessageContaining("somebody deletes each new file at once")
                .withMessageContaining("choose a directory");
        assertThat(files()).isEmpty();
        assertThat(made).isNotEmpty().noneMatch(FileChannel::isOpen);
    }

    /** A full disk, for instance, says neither which file nor what helps. */
    @Test
    void whatCanNotBeWrittenIsSaid() throws IOException {
        Path file = directory.resolve("session");
        try (AtomicFile to = new AtomicFile(file, channel -> {
            made.add(channel);
            return null;
        })) {
            made.getLast().close(); // from now on nothing goes there
            for (ThrowingCallable call : List.<ThrowingCallable>of(() -> to.write(ByteBuffer.allocate(1)),
                    to::position, () -> to.seek(7), to::commit)) {
                assertThatIOException().isThrownBy(call)
                        .withMessageStartingWith("'" + file + "' could not be written (")
                        .withMessageContaining("make room on its disk or choose another place");
            }
        }
        assertThat(files()).isEmpty();
    }

    @Test
    void whatCanNotBePutInItsPlaceIsSaid() throws IOException {
        Path file = directory.resolve("session");
        try (AtomicFile to = new AtomicFile(file)) {
            to.write(ByteBuffer.allocate(1));
            Files.createDirectory(file);
            assertThatIOException().isThrownBy(to::commit)
                    .withMessageStartingWith("'" + file + "' could not be put in its place (")
                    .withMessageContaining("choose a name that nothing else has");
        }
        assertThat(files()).containsExactly(file);
        assertThat(file).isEmptyDirectory();
    }

    @Test
    void anInterruptBeforeItIsLockedIsSaid() throws IOException {
        assertThatIOException().isThrownBy(() -> writes(channel -> {
            channel.close();
            throw new ClosedByInterruptException();
        }, 0)).withMessageContaining("the thread was interrupted; save again");
        assertThat(files()).isEmpty();
    }

    @Test
    void whateverFailsLeavesNothing() throws IOException {
        assertThatThrownBy(() -> writes(channel -> {
            throw new IllegalStateException("on purpose");
        }, 0)).hasMessage("on purpose");
        assertThatIOException().isThrownBy(() -> writes(channel -> {
            channel.close(); // as an interrupt does
            throw new IOException("interrupted");
        }, 0)).withMessageContaining("interrupted");
        assertThat(files()).isEmpty();
        assertThat(made).hasSize(2).noneMatch(FileChannel::isOpen);
    }
}
