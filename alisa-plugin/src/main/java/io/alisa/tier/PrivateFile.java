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

/**
 * A file nobody else can read and no crash leaves behind: only its owner has rights to it and to its directory, and both
 * have no name any more by the time it can be written to (where the system allows that; else they go when it is closed).
 *
 * <p>Room is taken by writing zeros: a full disk is found out before anything depends on what is written.
 */
public final class PrivateFile implements BlockFile {
    private static final int ZEROS = 1 << 20;
    private static final Set<OpenOption> OPTIONS = Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.READ,
            StandardOpenOption.WRITE, StandardOpenOption.DELETE_ON_CLOSE);

    private final Path directory;
    private final AsynchronousFileChannel channel;
    private long reserved;

    /**
     * Makes a file under {@code directory}, which may be shared with others.
     *
     * @throws IOException where that is not possible
     */
    public PrivateFile(Path directory) throws IOException {
        this.directory = Files.createTempDirectory(directory, "alisa-"); // for its owner only
        // The asynchronous channel, but in the calling thread: an ordinary one is closed for good when a thread that
        // reads from it is interrupted, and applications do interrupt a generation.
        channel = AsynchronousFileChannel.open(this.directory.resolve("kv"), OPTIONS, new CallingThread(),
                ownerOnly());
        deleteDirectory();
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

    /** Bytes that can still be written to the disk of {@code directory}. */
    public static long usableBytes(Path directory) throws IOException {
        return Files.getFileStore(directory).getUsableSpace();
    }

    @Override
    public synchronized void reserve(long bytes) throws IOException {
        ByteBuffer zeros = ByteBuffer.allocateDirect(ZEROS);
        while (reserved < bytes) {
            zeros.clear().limit((int) Math.min(ZEROS, bytes - reserved));
            write(reserved, zeros);
            reserved += zeros.limit();
        }
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
    private static int await(Future<Integer> done) throws IOException {
        boolean interrupted = Thread.interrupted(); // a pending interrupt must not cost us the result
        try {
            return done.get();
        } catch (ExecutionException e) {
            throw new IOException(e.getCause());
        } catch (InterruptedException e) {
            interrupted = true;
            throw new IOException(e);
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    @Override
    public void close() {
        try {
            channel.close();
            deleteDirectory();
        } catch (IOException e) {
            throw new IllegalStateException("The file in " + directory + " can't be closed", e);
        }
    }
}
