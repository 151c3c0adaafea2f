package io.alisa.cuda;

import io.alisa.device.DeviceLostException;
import org.jspecify.annotations.Nullable;

/** A driver that fails at the call of a number, and ever after. What is given back gets to the driver behind it all the same. */
class FaultyDriver implements Driver {
    private final Driver behind;
    private long callsLeft;
    private long calls;

    /** @param callsLeft calls that succeed */
    FaultyDriver(Driver behind, long callsLeft) {
        this.behind = behind;
        this.callsLeft = callsLeft;
    }

    long calls() {
        return calls;
    }

    /** Has the next call fail. */
    void failNow() {
        callsLeft = 0;
    }

    /** Whether all calls fail from now on. */
    final boolean isFailing() {
        return callsLeft <= 0;
    }

    /** Is made before or after every call of the driver behind. */
    void call() {
        calls++;
        if (callsLeft-- <= 0) {
            callsLeft = 0;
            throw new DeviceLostException("the test wants it so");
        }
    }

    @Override
    public Facts facts() {
        return behind.facts();
    }

    @Override
    public long freeBytes() {
        call();
        return behind.freeBytes();
    }

    @Override
    public Attachment attach() {
        call();
        return behind.attach();
    }

    @Override
    public @Nullable Memory allocate(long bytes) {
        call();
        return behind.allocate(bytes);
    }

    @Override
    public void free(Memory memory) {
        behind.free(memory);
        call();
    }

    @Override
    public @Nullable Pinned allocatePinned(long bytes) {
        call();
        return behind.allocatePinned(bytes);
    }

    @Override
    public void freePinned(Pinned memory) {
        behind.freePinned(memory);
        call();
    }

    @Override
    public boolean register(long address, long bytes) {
        call();
        return behind.register(address, bytes);
    }

    @Override
    public void unregister(long address) {
        behind.unregister(address);
        call();
    }

    @Override
    public Stream createStream() {
        call();
        return behind.createStream();
    }

    @Override
    public void destroy(Stream stream) {
        behind.destroy(stream);
        call();
    }

    @Override
    public Event createEvent() {
        call();
        return behind.createEvent();
    }

    @Override
    public Event createTimer() {
        call();
        return behind.createTimer();
    }

    @Override
    public void destroy(Event event) {
        behind.destroy(event);
        call();
    }

    @Override
    public void record(Event event, Stream stream) {
        call();
        behind.record(event, stream);
    }

    @Override
    public void waitFor(Stream stream, Event event) {
        call();
        behind.waitFor(stream, event);
    }

    @Override
    public void synchronize(Event event) {
        call();
        behind.synchronize(event);
    }

    @Override
    public void synchronize(Stream stream) {
        call();
        behind.synchronize(stream);
    }

    @Override
    public float elapsed(Event from, Event to) {
        call();
        return behind.elapsed(from, to);
    }

    @Override
    public void copyToDevice(Memory to, long toOffset, Pinned from, long fromOffset, long bytes, Stream stream) {
        call();
        behind.copyToDevice(to, toOffset, from, fromOffset, bytes, stream);
    }

    @Override
    public void copyToHost(Pinned to, Memory from, long bytes, Stream stream) {
        call();
        behind.copyToHost(to, from, bytes, stream);
    }

    @Override
    public void copyOnDevice(Memory to, Memory from, long bytes, Stream stream) {
        call();
        behind.copyOnDevice(to, from, bytes, stream);
    }

    @Override
    public void zero(Memory memory, long bytes, Stream stream) {
        call();
        behind.zero(memory, bytes, stream);
    }

    @Override
    public Kernel kernel(String name, int sharedBytes) {
        call();
        return behind.kernel(name, sharedBytes);
    }

    @Override
    public int residentBlocks(Kernel kernel, int threads) {
        call();
        return behind.residentBlocks(kernel, threads);
    }

    @Override
    public Arguments arguments(long bytes) {
        return behind.arguments(bytes);
    }

    @Override
    public void launch(Kernel kernel, int gridX, int gridY, int gridZ, int threads, Stream stream,
            Arguments arguments) {
        call();
        behind.launch(kernel, gridX, gridY, gridZ, threads, stream, arguments);
    }

    @Override
    public void close() {
        behind.close();
    }
}
