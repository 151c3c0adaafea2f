package io.alisa.cuda;

import io.alisa.device.DeviceFullException;

import java.util.Objects;

import org.jspecify.annotations.Nullable;

/**
 * Copies pinned memory to the device by a kernel that reads it where it lies: pieces from anywhere travel like one, and no
 * thread of this machine moves a byte. Streams take turns, layer by layer, so that one copy begins while another ends.
 *
 * <p>All sessions share it. Thread-safe.
 */
final class DirectCopies implements AutoCloseable {
    /** One leaves the link idle between launches: 46 GB/s of 55 instead of 49 (H100, a prompt's blocks). */
    private static final int STREAMS = 3;
    /** Thread blocks of a launch: more of them are no faster, and attention wants multiprocessors, too. */
    private static final int THREAD_BLOCKS = 16;
    private static final int THREADS = 512;

    private final Driver driver;
    private final PinnedRanges pinned;
    private final CopyArguments arguments;
    private final Driver.@Nullable Stream[] streams = new Driver.@Nullable Stream[STREAMS];
    /** Found when it is first launched. */
    private Driver.@Nullable Kernel kernel;

    DirectCopies(Driver driver, PinnedRanges pinned) {
        this.driver = driver;
        this.pinned = pinned;
        this.arguments = new CopyArguments(driver);
        boolean made = false;
        try {
            for (int i = 0; i < streams.length; i++) {
                streams[i] = driver.createStream();
            }
            made = true;
        } finally {
            if (!made) {
                close();
            }
        }
    }

    /** Whether all pieces are pinned: only then can they be copied here. */
    boolean serves(Uploads uploads) {
        for (int i = 0; i < uploads.count(); i++) {
            if (!pinned.contain(uploads.source(i), uploads.place(i).blockBytes())) {
                return false;
            }
        }
        return true;
    }

    /**
     * Starts to copy. Throws DeviceFullException where some of it was not started for want of memory.
     *
     * @param layer copies of a layer come one after the other
     * @param done  marks that all that was started has arrived, and that no source is read any more
     */
    synchronized void copy(Uploads uploads, int layer, Driver.Event done) {
        Driver.Stream stream = Objects.requireNonNull(streams[layer % streams.length]);
        Driver.Kernel with = kernel == null ? driver.kernel("alisa_copy", 0) : kernel;
        kernel = with;
        try {
            for (int first = 0; first < uploads.count(); first += CopyArguments.PIECES) {
                launch(with, uploads, first, stream);
            }
        } finally {
            driver.record(done, stream);
        }
    }

    private void launch(Driver.Kernel with, Uploads uploads, int first, Driver.Stream stream) {
        int count = Math.min(CopyArguments.PIECES, uploads.count() - first);
        long bytes = 0;
        for (int i = 0; i < count; i++) {
            SlabPool.Place to = uploads.place(first + i);
            arguments.set(i, uploads.source(first + i), to.address(), to.blockBytes());
            bytes += to.blockBytes();
        }
        arguments.setCount(count);
        int blocks = Math.toIntExact(Math.clamp(bytes / CopyArguments.PART_BYTES, 1, THREAD_BLOCKS));
        driver.launch(with, blocks, 1, 1, THREADS, stream, arguments.arguments());
    }

    @Override
    public synchronized void close() {
        for (Driver.Stream stream : streams) {
            if (stream != null) {
                Quietly.run(() -> driver.destroy(stream));
            }
        }
    }
}
