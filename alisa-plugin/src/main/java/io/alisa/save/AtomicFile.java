package io.alisa.save;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

/**
 * A file that appears whole or not at all: written under a name of its own in the same directory, with rights for its owner
 * only from the moment it is made, then forced to the disk and renamed. What was at its place before stays until then.
 */
final class AtomicFile implements AutoCloseable {
    private final Path target;
    private final Path directory;
    private final TemporaryFile temporary;
    private final FileChannel channel;

    /** Throws {@link IOException} where the file can't be made there. */
    AtomicFile(Path file) throws IOException {
        this(file, FileChannel::tryLock);
    }

    /** @param locking of the file until it is done */
    AtomicFile(Path file, TemporaryFile.Locking locking) throws IOException {
        Path absolute = file.toAbsolutePath();
        Path name = absolute.getFileName();
        if (absolute.getParent() == null || name == null) {
            throw new IOException("'" + file + "' is no name of a file");
        }
        Path parent = real(absolute.getParent());
        target = parent.resolve(name);
        if (Files.exists(target, LinkOption.NOFOLLOW_LINKS)
                && !Files.isRegularFile(target, LinkOption.NOFOLLOW_LINKS)) {
            throw new IOException("'" + target + "' is there already and no ordinary file: choose another name");
        }
        directory = parent;
        Leftovers.sweep(parent);
        try {
            temporary = TemporaryFile.in(parent, locking);
        } catch (ClosedByInterruptException e) {
            throw unwritten(e);
        } catch (IOException e) {
            throw new IOException(nothingIn(parent, e), e);
        }
        channel = temporary.channel();
    }

    /** One name for a directory, however it is spelt: {@link Leftovers} knows our files by theirs. */
    private static Path real(Path directory) throws IOException {
        try {
            return directory.toRealPath();
        } catch (IOException e) {
            throw new IOException(nothingIn(directory, e), e);
        }
    }

    private static String nothingIn(Path directory, IOException cause) {
        return "Nothing can be written in '" + directory + "' (" + cause
                + "): choose a directory that exists and that you may write to";
    }

    /** Says what became of the file, and what helps: the cause alone often names neither. */
    private IOException unwritten(IOException cause) {
        return new IOException("'" + target + "' could not be written (" + cause + "): "
                + (cause instanceof ClosedByInterruptException
                        ? "the thread was interrupted; save again once that is over"
                        : "make room on its disk or choose another place"),
                cause);
    }

    /** Writes all that remains, behind what was written last. */
    void write(ByteBuffer bytes) throws IOException {
        try {
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
        } catch (IOException e) {
            throw unwritten(e);
        }
    }

    /** Where the next write goes. */
    long position() throws IOException {
        try {
            return channel.position();
        } catch (IOException e) {
            throw unwritten(e);
        }
    }

    /** Has the next write go elsewhere. */
    void seek(long position) throws IOException {
        try {
            channel.position(position);
        } catch (IOException e) {
            throw unwritten(e);
        }
    }

    /** Puts the file in its place. */
    void commit() throws IOException {
        try {
            channel.force(true); // and not closed yet: its lock says that it is not one of those to be swept away
        } catch (IOException e) {
            throw unwritten(e);
        }
        try {
            Files.move(temporary.path(), target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            throw new IOException("'" + target + "' could not be put in its place (" + e
                    + "): choose a name that nothing else has, in a directory that you may write to", e);
        }
        try (FileChannel parent = FileChannel.open(directory, StandardOpenOption.READ)) {
            parent.force(true); // or a crash of the machine could take the name back
        } catch (IOException e) {
            return; // systems that can't open a directory: the file itself is on the disk
        }
    }

    /** Deletes what was written unless it was committed. */
    @Override
    public void close() throws IOException {
        temporary.close(); // what was committed has another name
    }
}
