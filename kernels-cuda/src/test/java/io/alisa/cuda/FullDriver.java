package io.alisa.cuda;

import io.alisa.device.DeviceFullException;

import java.util.function.LongPredicate;

import org.jspecify.annotations.Nullable;

/** A driver that has no room now and then for what it takes memory for by itself: streams, events, kernels and launches. */
class FullDriver extends FaultyDriver {
    private final LongPredicate full;
    private boolean counting;
    private long calls;
    private long refused;
    private long nulls;

    /** @param full whether there is no room at the call of a number, counted from {@link #count} on */
    FullDriver(Driver behind, LongPredicate full) {
        super(behind, Long.MAX_VALUE);
        this.full = full;
    }

    /** Has calls count from now on. */
    void count() {
        counting = true;
    }

    /** How often it had no room. */
    long refused() {
        return refused;
    }

    /** Allocations that found no room. */
    long nulls() {
        return nulls;
    }

    private void takeRoom(String call) {
        if (counting && full.test(calls++)) {
            refused++;
            throw new DeviceFullException(call + " finds no room");
        }
    }

    @Override
    public @Nullable Memory allocate(long bytes) {
        Memory memory = super.allocate(bytes);
        nulls += memory == null ? 1 : 0;
        return memory;
    }

    @Override
    public Stream createStream() {
        takeRoom("a stream");
        return super.createStream();
    }

    @Override
    public Event createEvent() {
        takeRoom("an event");
        return super.createEvent();
    }

    @Override
    public Kernel kernel(String name, int sharedBytes) {
        takeRoom(name);
        return super.kernel(name, sharedBytes);
    }

    @Override
    public void launch(Kernel kernel, int gridX, int gridY, int gridZ, int threads, Stream stream,
            Arguments arguments) {
        takeRoom("a launch");
        super.launch(kernel, gridX, gridY, gridZ, threads, stream, arguments);
    }

    @Override
    public void zero(Memory memory, long bytes, Stream stream) {
        takeRoom("zeroing");
        super.zero(memory, bytes, stream);
    }
}
