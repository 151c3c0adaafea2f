package io.alisa.cuda;

import io.alisa.device.DeviceFullException;

import java.lang.foreign.MemorySegment;

import org.jspecify.annotations.Nullable;

/**
 * What we need of the CUDA Driver API, on one device. Calls come back as soon as the device knows what to do, but for
 * {@link #synchronize}, allocation and freeing.
 *
 * <p>Thread-safe; a thread is {@link #attach attached} while it does anything else. Nothing allocates on the heap but where
 * that is said. Every call may throw {@link io.alisa.device.DeviceLostException}, which names the call and what the
 * driver answered; that is a {@link DeviceFullException} where it found no memory for what it was to do.
 */
interface Driver extends AutoCloseable {
    /** The most blocks that a grid may have in y, and in z. */
    int MOST_BLOCKS = 65_535;
    /** The most bytes of a piece of pinned memory: Java sees it through a buffer. */
    int MOST_PINNED = Integer.MAX_VALUE;

    /** A thread's use of the device, which ends with this. */
    interface Attachment extends AutoCloseable {
        /** Gives the thread back the device that it used before. Throws nothing. */
        @Override
        void close();
    }

    /** Memory of the device. */
    interface Memory {
        long address();

        long bytes();
    }

    /** Pinned memory of this machine: copies from and to it are asynchronous, and kernels may write to it. */
    interface Pinned {
        MemorySegment segment();

        /** Where kernels find it: where this machine does. */
        default long address() {
            return segment().address();
        }
    }

    /** A queue of things to do in order. */
    interface Stream {
    }

    /** A mark in a stream, to be waited for. */
    interface Event {
    }

    /** A kernel of the module. */
    interface Kernel {
    }

    /** The structure that a kernel takes by value: whatever it holds when the kernel is launched. */
    interface Arguments {
        MemorySegment segment();
    }

    /**
     * What the device is.
     *
     * @param name            as its maker calls it
     * @param totalBytes      its memory
     * @param multiprocessors how many
     * @param sharedBytes     of shared memory, the most that a block may have: what a launch asks for and the kernel's own
     * @param capability      compute capability, 90 for 9.0
     */
    record Facts(String name, long totalBytes, int multiprocessors, int sharedBytes, int capability) {
    }

    Facts facts();

    /** Bytes of its memory that nobody uses. */
    long freeBytes();

    /** Lets the calling thread, which may be using CUDA for itself, use the device until what is returned is closed. */
    Attachment attach();

    /** Takes memory, which is not zeroed; null where there is no room. */
    @Nullable
    Memory allocate(long bytes);

    /** Gives memory back, which nothing may be using any more: that this waits is not to be relied on. */
    void free(Memory memory);

    /**
     * Takes pinned memory, which is not zeroed; null where this machine has none left that it can pin.
     *
     * @param bytes {@link #MOST_PINNED} at most
     */
    @Nullable
    Pinned allocatePinned(long bytes);

    /** Gives it back likewise. */
    void freePinned(Pinned memory);

    /**
     * Has kernels read memory of this machine where it lies. Returns false where this is not possible.
     *
     * @param address at the beginning of a page
     */
    boolean register(long address, long bytes);

    /** Undoes {@link #register}. */
    void unregister(long address);

    Stream createStream();

    void destroy(Stream stream);

    Event createEvent();

    /** An event that {@link #elapsed} can be asked about: recording and waiting for it takes longer. */
    Event createTimer();

    void destroy(Event event);

    /** Marks what was asked of the stream so far. */
    void record(Event event, Stream stream);

    /** Has a stream wait for what an event marked when it was recorded last. */
    void waitFor(Stream stream, Event event);

    /** Waits for what an event marked when it was recorded last; at once where it never was. */
    void synchronize(Event event);

    /** Waits for all that was asked of the stream so far. */
    void synchronize(Stream stream);

    /** Milliseconds on the device from one {@link #createTimer timer} to another; both must have come to pass. */
    float elapsed(Event from, Event to);

    /** Copies to the device; allocates where an offset is not zero. */
    void copyToDevice(Memory to, long toOffset, Pinned from, long fromOffset, long bytes, Stream stream);

    /** Copies from the start of memory to the start of pinned memory. */
    void copyToHost(Pinned to, Memory from, long bytes, Stream stream);

    /** Copies from the start of memory to the start of other memory. */
    void copyOnDevice(Memory to, Memory from, long bytes, Stream stream);

    /** Zeroes the start of memory. */
    void zero(Memory memory, long bytes, Stream stream);

    /**
     * Finds a kernel. Others may have it with more or less shared memory.
     *
     * @param sharedBytes of dynamic shared memory that it will be launched with
     */
    Kernel kernel(String name, int sharedBytes);

    /** How many blocks of that many threads of a kernel a multiprocessor runs at once. */
    int residentBlocks(Kernel kernel, int threads);

    /** Prepares the structure that launches of a kernel hand over: when a session opens, for Java may have no memory for it. */
    Arguments arguments(long bytes);

    /** Launches a kernel over a grid of blocks, {@link #MOST_BLOCKS} at most in y and in z. */
    void launch(Kernel kernel, int gridX, int gridY, int gridZ, int threads, Stream stream, Arguments arguments);

    /** Lets go of the device. What was allocated must be freed before. Throws nothing. */
    @Override
    void close();
}
