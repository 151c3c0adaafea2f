package io.alisa.measure;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.SortedMap;
import java.util.SplittableRandom;
import java.util.TreeMap;

import io.alisa.tier.BlockFile;
import io.alisa.tier.PrivateFile;
import io.alisa.tier.SlowDirectory;

/**
 * How fast the slow tier is written and read, at the sizes of requests that occur: as the tier itself does it, the
 * system's file cache included. What doesn't fit that cache is read at the disk's speed; the session's own measurements
 * find that out.
 */
final class SlowTierRates {
    /** A piece of one block, of a few, of a whole run, and what an ordinary disk likes best. */
    private static final int[] REQUESTS = {8 << 10, 64 << 10, 270 << 10, 1 << 20};
    private static final int PAGE = 4096;

    private final double writeBytes;
    private final SortedMap<Integer, Double> readBytes = new TreeMap<>();

    /**
     * @param fileBytes bytes to write at most; there must be as much room on the disk and some more
     * @throws IOException where the directory can't be written, or has no room
     */
    SlowTierRates(Path directory, long fileBytes, double seconds) throws IOException {
        if (SlowDirectory.of(directory).freeBytes() < 2 * fileBytes) {
            throw new IOException("there is no room in '" + directory + "'");
        }
        try (BlockFile file = new PrivateFile(directory)) {
            writeBytes = write(file, fileBytes);
            for (int request : REQUESTS) {
                readBytes.put(request, read(file, fileBytes, request, seconds / REQUESTS.length));
            }
        }
    }

    /** In large requests, as the scheduler's batches make them. New room is part of the price, as in a session. */
    private static double write(BlockFile file, long fileBytes) throws IOException {
        ByteBuffer buffer = random(REQUESTS[2]);
        long begun = System.nanoTime();
        file.reserve(fileBytes);
        for (long at = 0; at + buffer.capacity() <= fileBytes; at += buffer.capacity()) {
            buffer.clear();
            file.write(at, buffer);
        }
        return fileBytes * 1e9 / (System.nanoTime() - begun);
    }

    private static double read(BlockFile file, long fileBytes, int request, double seconds) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocateDirect(request);
        SplittableRandom random = new SplittableRandom(request);
        long places = (fileBytes - request) / PAGE;
        return Rate.<IOException>of(request, seconds, () -> {
            buffer.clear();
            file.read(random.nextLong(places) * PAGE, buffer);
        });
    }

    /** Nothing that a file system could compress. */
    private static ByteBuffer random(int bytes) {
        byte[] content = new byte[bytes];
        new SplittableRandom(1).nextBytes(content);
        return ByteBuffer.allocateDirect(bytes).put(content);
    }

    double writeBytes() {
        return writeBytes;
    }

    SortedMap<Integer, Double> readBytes() {
        return readBytes;
    }
}
