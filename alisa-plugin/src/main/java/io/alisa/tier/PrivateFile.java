package io.alisa.tier;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousFileChannel;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;

import org.jspecify.annotations.Nullable;

/**
 * A file nobody else can read and no crash leaves behind: only its owner has rights to it and to its directory, and both
 * have no name any more by the time it can be written to (where the system allows that; else they go when it is closed).
 *
 * <p>Room is taken by writing zeros: a full disk is found out before anything depends on what is written.
 */
public final class PrivateFile implements BlockFile {
    private static final int ZEROS = 1 << 18;
    private static final Set<OpenOption> OPTIONS = Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.READ,
            StandardOpenOption.WRITE, StandardOpenOption.DELETE_ON_CLOSE);

    /** Made once: a buffer for each file would be memory that no cap knows of. */
    private static @Nullable ByteBuffer zeros;

    private final Path directory;
    private final AsynchronousFileChannel channel;
    private long reserved;

    /**
     * Makes a file under {@code directory}, which may be shared with others.
     *
     * @throws IOException where that is not possible, says where
     */
    public PrivateFile(Path directory) throws IOException {
        try {
            this.directory = Files.createTempDirectory(directory, "alisa-"); // for its owner only
        } catch (IOException e) {
            throw new IOException("Nothing can be made in '" + directory + "': " + e, e);
        }
        try {
            // The asynchronous channel, but in the calling thread: an ordinary one is closed for good when a thread that
            // reads from it is interrupted, and applications do interrupt a generation.
            channel = AsynchronousFileChannel.open(this.directory.resolve("kv"), OPTIONS, new CallingThread(),
                    ownerOnly());
        } catch (IOException e) {
            throw new IOException("No file can be made in '" + directory + "': " + e, e);
        } finally {
            deleteDirectory();
        }
    }

    /** Succeeds at once where an open file needs no name, else when the file is closed. */
    private void deleteDirectory() {
        try {
            Files.deleteIfExists(directory);
        } catch (IOException e) {
            directory.toFile().deleteOnExit();
        }
    }

    /** {@code configured}, or the system's directory for temporary files where that is empty. */
    public static Path directory(String configured) {
        return Path.of(configured.isEmpty() ? System.getProperty("java.io.tmpdir", ".") : configured);
    }

    private static FileAttribute<?>[] ownerOnly() {
        return FileSystems.getDefault().supportedFileAttributeViews().contains("posix")
                ? new FileAttribute<?>[]{
                        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"))}
                : new FileAttribute<?>[0];
    }

    @Override
    public synchronized void reserve(long bytes) throws IOException {
        ByteBuffer nothing = zeros();
        long end = reserved;
        try {
            while (end < bytes) {
                nothing.clear().limit((int) Math.min(ZEROS, bytes - end));
                write(end, nothing);
                end += nothing.limit();
            }
            reserved = end;
        } catch (IOException e) { // a part of the room is of no use, and nobody counts it
            cut(e);
            throw e;
        }
    }

    /** Gives the disk back what was not reserved to the end. */
    private void cut(IOException cause) {
        try {
            channel.truncate(reserved);
        } catch (IOException e) {
            cause.addSuppressed(e);
        }
    }

    private static synchronized ByteBuffer zeros() throws IOException {
        ByteBuffer made = zeros;
        if (made == null) {
            try {
                made = ByteBuffer.allocateDirect(ZEROS);
            } catch (OutOfMemoryError e) {
                throw new IOException("There is no memory left to write with", e);
            }
            zeros = made;
        }
        return made.duplicate();
    }

    @Override
    public void write(long position, ByteBuffer source) throws IOException {
        long at = position;
        while (source.hasRemaining()) {
            at += await(channel.write(source, at));
        }
    }

    @Override
    public void read(long position, ByteBuffer target) throws IOException {
        long at = position;
        while (target.hasRemaining()) {
            int count = await(channel.read(target, at));
            if (count < 0) {
                throw new EOFException("The file in " + directory + " ends at " + at + " bytes");
            }
            at += count;
        }
    }

    /** The result is there already, see the constructor. */
    private int await(Future<Integer> done) throws IOException {
        boolean interrupted = Thread.interrupted(); // a pending interrupt must not cost us the result
        try {
            return done.get();
        } catch (ExecutionException e) {
            throw new IOException("The file in '" + directory + "': " + e.getCause(), e.getCause());
        } catch (InterruptedException e) {
            interrupted = true;
            throw new IOException(e);
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** One that can't be closed is a matter of the system: whoever is done with it has other things to give back. */
    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException e) {
            System.getLogger("io.alisa").log(System.Logger.Level.WARNING,
                    "The file in '" + directory + "' can't be closed", e);
        } finally {
            deleteDirectory();
        }
    }
}
