package io.alisa.save;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.Set;

/**
 * Temporary files of saves that were not finished. They go when a save fails, when the JVM ends, and, where it was killed,
 * with the next save into the same directory, an hour after they were written last: who writes one holds a lock on it, so
 * one that can be locked is nobody's. Where there are no locks, they stay. Where several machines use a directory and each
 * sees its own locks only, the hour tells.
 */
final class Leftovers {
    static final String PREFIX = ".alisa-save-";
    static final String SUFFIX = ".tmp";
    /** Somebody on another machine, whose lock may not be seen here, writes more often than that while he saves. */
    private static final Duration AGE = Duration.ofHours(1);
    /** Written by this process now. A second look at one of these would give up its lock, so they are left alone. */
    private static final Set<Path> OURS = new HashSet<>();
    private static boolean watching;

    private Leftovers() {
    }

    static synchronized void began(Path file) {
        OURS.add(file);
        if (!watching) {
            watching = true;
            try {
                Thread cleaner = new Thread(null, Leftovers::deleteOurs, "alisa-save-cleaner", 0, false);
                cleaner.setContextClassLoader(null); // an application's must be free to go
                Runtime.getRuntime().addShutdownHook(cleaner);
            } catch (IllegalStateException e) {
                return; // the JVM is ending already: what is begun now may stay until the next save
            }
        }
    }

    static synchronized void ended(Path file) {
        OURS.remove(file);
    }

    private static synchronized void deleteOurs() {
        for (Path file : OURS) {
            delete(file);
        }
    }

    /**
     * Says that somebody is at work on a file, for as long as the channel is open.
     *
     * @return false where somebody else has locked it: he is about to delete it
     */
    static boolean hold(FileChannel channel, TemporaryFile.Locking locking) throws IOException {
        try {
            return locking.tryLock(channel) != null;
        } catch (OverlappingFileLockException e) {
            return false; // of another class loader of this process
        } catch (IOException e) {
            if (!channel.isOpen()) {
                throw e; // the thread was interrupted
            }
            return true; // a file system without locks: whoever sweeps can't lock it either, and leaves it alone
        }
    }

    /** Deletes what a process that is gone has left in a directory. */
    static synchronized void sweep(Path directory) {
        try (DirectoryStream<Path> files = Files.newDirectoryStream(directory, PREFIX + "*" + SUFFIX)) {
            for (Path file : files) {
                if (!OURS.contains(file) && isOld(file)) {
                    deleteNobodys(file);
                }
            }
        } catch (IOException e) {
            return; // whoever saves there will hear of it
        }
    }

    /** Whether it is an ordinary file that nobody has written to for long. */
    private static boolean isOld(Path file) {
        try {
            BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class,
                    LinkOption.NOFOLLOW_LINKS);
            return attributes.isRegularFile()
                    && attributes.lastModifiedTime().toInstant().isBefore(Instant.now().minus(AGE));
        } catch (IOException e) {
            return false; // gone meanwhile
        }
    }

    /** Deleted while it is locked, or whoever has just made it could lock it in between, and lose it. */
    private static void deleteNobodys(Path file) {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS);
                FileLock lock = channel.tryLock()) {
            if (lock != null) {
                delete(file);
            }
        } catch (IOException | OverlappingFileLockException e) {
            return; // another user's, or of another class loader of this process
        }
    }

    private static void delete(Path file) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            return; // tried again with the next save
        }
    }
}
