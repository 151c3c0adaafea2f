package io.alisa.save;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import java.util.UUID;

import org.jspecify.annotations.Nullable;

/**
 * A file of a name of its own, with rights for its owner only from the moment it is made, and locked where that is possible:
 * so it is not taken for one of those {@link Leftovers} that are to be deleted. That is all the lock is for: where there is
 * none to be had, the file is as good without.
 */
final class TemporaryFile implements AutoCloseable {
    private static final Set<StandardOpenOption> OPTIONS = Set.of(StandardOpenOption.CREATE_NEW,
            StandardOpenOption.WRITE);
    /** Names that are tried: each time somebody would have to be sweeping in the moment between making and locking. */
    private static final int TRIES = 8;

    private final Path path;
    private final FileChannel channel;

    /** Locks a file that was just made. */
    interface Locking {
        /** Returns null where somebody else has locked it. */
        @Nullable
        FileLock tryLock(FileChannel channel) throws IOException;
    }

    private TemporaryFile(Path path) throws IOException {
        this.path = path;
        this.channel = FileChannel.open(path, OPTIONS, ownerOnly());
    }

    private static FileAttribute<?>[] ownerOnly() {
        return FileSystems.getDefault().supportedFileAttributeViews().contains("posix")
                ? new FileAttribute<?>[]{
                        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"))}
                : new FileAttribute<?>[0];
    }

    /** Makes one in a directory. */
    static TemporaryFile in(Path directory, Locking locking) throws IOException {
        for (int attempt = 1; attempt <= TRIES; attempt++) {
            TemporaryFile made = tryIn(directory, locking, attempt == TRIES);
            if (made != null) {
                return made;
            }
        }
        throw new IOException("somebody deletes each new file at once");
    }

    /**
     * Makes one, unless somebody who sweeps has come upon it before it was locked.
     *
     * @param last whether one will do that somebody else has locked, as long as it is there
     */
    private static @Nullable TemporaryFile tryIn(Path directory, Locking locking, boolean last) throws IOException {
        Path path = directory.resolve(Leftovers.PREFIX + UUID.randomUUID() + Leftovers.SUFFIX);
        Leftovers.began(path);
        TemporaryFile made = null;
        boolean held = false;
        try {
            made = new TemporaryFile(path);
            boolean locked = Leftovers.hold(made.channel, locking);
            held = (locked || last) && Files.exists(path, LinkOption.NOFOLLOW_LINKS);
        } finally {
            if (made == null) {
                Leftovers.ended(path);
            } else if (!held) {
                made.close();
            }
        }
        return held ? made : null;
    }

    Path path() {
        return path;
    }

    FileChannel channel() {
        return channel;
    }

    /** Deletes it, should it still have its name. */
    @Override
    public void close() throws IOException {
        try {
            channel.close();
        } finally {
            try {
                Files.deleteIfExists(path);
            } finally {
                Leftovers.ended(path);
            }
        }
    }
}
