package io.alisa.cuda;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

import io.alisa.cache.ScaleCode;
import io.alisa.device.DeviceLostException;
import io.alisa.tier.Pinning;
import org.jspecify.annotations.Nullable;

/**
 * A driver whose device is this machine: memory is ordinary memory, whatever is asked for is done at once. Its kernels are
 * written anew after {@code attention.cuh}, in Java and in double precision; {@link #run} can be overridden by others.
 */
class JavaDriver implements Driver {
    private static final MemorySegment ALL = all();
    private static final String COPY = "alisa_copy";

    private final Set<Object> open = Collections.synchronizedSet(Collections.newSetFromMap(new IdentityHashMap<>()));
    private final long memoryBytes;
    /** Sizes by addresses. */
    private final TreeMap<Long, Long> registered = new TreeMap<>();
    private final JavaSelection selection = new JavaSelection(ALL);
    private long taken;
    private long launches;
    private long copies;
    private long selections;
    private long directCopies;
    private boolean closed;

    /** @param memoryBytes of the device */
    JavaDriver(long memoryBytes) {
        this.memoryBytes = memoryBytes;
    }

    JavaDriver() {
        this(Long.MAX_VALUE);
    }

    record Space(Arena arena, MemorySegment segment) implements Memory, Pinned {
        @Override
        public long address() {
            return segment.address();
        }

        @Override
        public long bytes() {
            return segment.byteSize();
        }
    }

    private record Named(String name, int sharedBytes) implements Kernel {
    }

    private record Structure(MemorySegment segment) implements Arguments {
    }

    private static final class Queue implements Stream {
    }

    private static class Mark implements Event {
    }

    private static final class Timer extends Mark {
    }

    @SuppressWarnings("restricted") // kernels know addresses only
    private static MemorySegment all() {
        return MemorySegment.NULL.reinterpret(Long.MAX_VALUE);
    }

    /** Launches so far. */
    long launches() {
        return launches;
    }

    /** Copies from and to the device so far. */
    long copies() {
        return copies;
    }

    /** Steps of layers whose tokens were selected on the device so far. */
    long selections() {
        return selections;
    }

    /** Launches that copied registered memory so far. */
    long directCopies() {
        return directCopies;
    }

    /** What was made and not given back. */
    synchronized int leftOver() {
        return open.size() + registered.size();
    }

    boolean isClosed() {
        return closed;
    }

    @Override
    public Facts facts() {
        return new Facts("Java", memoryBytes, 5, 164 << 10, 80);
    }

    @Override
    public long freeBytes() {
        return memoryBytes - taken;
    }

    @Override
    public Attachment attach() {
        if (closed) {
            throw new AssertionError("used after it was closed");
        }
        return () -> {
            // it is this machine that is used
        };
    }

    private Space space(long bytes, byte garbage) {
        Arena arena = Arena.ofShared();
        Space space = new Space(arena, arena.allocate(bytes, 256).fill(garbage));
        open.add(space);
        return space;
    }

    @Override
    public synchronized @Nullable Memory allocate(long bytes) {
        if (bytes > memoryBytes - taken) {
            return null;
        }
        taken += bytes;
        return space(bytes, (byte) 0xCB);
    }

    @Override
    public synchronized void free(Memory memory) {
        taken -= memory.bytes();
        freePinned((Space) memory);
    }

    @Override
    public Pinned allocatePinned(long bytes) {
        if (bytes > MOST_PINNED) {
            throw new AssertionError(bytes + " bytes are more than Java can see");
        }
        return space(bytes, (byte) 0xCD);
    }

    @Override
    public void freePinned(Pinned memory) {
        forget(memory);
        ((Space) memory).arena().close();
    }

    private void forget(Object made) {
        if (!open.remove(made)) {
            throw new AssertionError(made + " is given back twice");
        }
    }

    @Override
    public synchronized boolean register(long address, long bytes) {
        if (address % Pinning.ALIGNMENT != 0) {
            throw new AssertionError("not the beginning of a page");
        }
        if (registered.put(address, bytes) != null) {
            throw new AssertionError("registered twice");
        }
        return true;
    }

    @Override
    public synchronized void unregister(long address) {
        if (registered.remove(address) == null) {
            throw new AssertionError("not registered");
        }
    }

    @Override
    public Stream createStream() {
        Queue queue = new Queue();
        open.add(queue);
        return queue;
    }

    @Override
    public void destroy(Stream stream) {
        forget(stream);
    }

    @Override
    public Event createEvent() {
        Mark mark = new Mark();
        open.add(mark);
        return mark;
    }

    @Override
    public Event createTimer() {
        Timer timer = new Timer();
        open.add(timer);
        return timer;
    }

    @Override
    public void destroy(Event event) {
        forget(event);
    }

    @Override
    public void record(Event event, Stream stream) {
        check(event, stream);
    }

    private void check(Object first, Object second) {
        check(first);
        check(second);
    }

    private void check(Object used) {
        if (!open.contains(used)) {
            throw new AssertionError(used + " is used after it was given back");
        }
    }

    @Override
    public void waitFor(Stream stream, Event event) {
        check(event, stream);
    }

    @Override
    public void synchronize(Event event) {
        check(event);
    }

    @Override
    public void synchronize(Stream stream) {
        check(stream);
    }

    @Override
    public float elapsed(Event from, Event to) {
        check(from, to);
        if (!(from instanceof Timer && to instanceof Timer)) {
            throw new AssertionError("time is measured by what measures none");
        }
        return 1;
    }

    @Override
    public void copyToDevice(Memory to, long toOffset, Pinned from, long fromOffset, long bytes, Stream stream) {
        copy(to, toOffset, from, fromOffset, bytes, stream);
    }

    @Override
    public void copyToHost(Pinned to, Memory from, long bytes, Stream stream) {
        copy(to, 0, from, 0, bytes, stream);
    }

    @Override
    public void copyOnDevice(Memory to, Memory from, long bytes, Stream stream) {
        copy(to, 0, from, 0, bytes, stream);
    }

    private void copy(Object to, long toOffset, Object from, long fromOffset, long bytes, Stream stream) {
        check(to, from);
        check(stream);
        copies++;
        MemorySegment.copy(((Space) from).segment(), fromOffset, ((Space) to).segment(), toOffset, bytes);
    }

    @Override
    public void zero(Memory memory, long bytes, Stream stream) {
        check(memory, stream);
        ((Space) memory).segment().asSlice(0, bytes).fill((byte) 0);
    }

    @Override
    public Kernel kernel(String name, int sharedBytes) {
        int own = name.startsWith("alisa_prefill_") || name.startsWith("alisa_decode_")
                || name.startsWith("alisa_gather_") ? Geometry.OWN_SHARED_BYTES : 0;
        if (sharedBytes + own > facts().sharedBytes()) {
            throw new DeviceLostException(name + " is to have more shared memory than there is");
        }
        return new Named(name, sharedBytes);
    }

    @Override
    public int residentBlocks(Kernel kernel, int threads) {
        return 3;
    }

    @Override
    public Arguments arguments(long bytes) {
        return new Structure(Arena.ofAuto().allocate(bytes, 8));
    }

    @Override
    public void launch(Kernel kernel, int gridX, int gridY, int gridZ, int threads, Stream stream,
            Arguments arguments) {
        check(stream);
        countLaunch(gridY, gridZ);
        Named named = (Named) kernel;
        if (named.name().equals(COPY)) {
            directCopies++;
            new Copy(arguments.segment()).check();
        } else if (!JavaSelection.isKernel(named.name())) {
            checkAddresses(new Parameters(arguments.segment()));
        } else if (named.name().equals("alisa_select_masks")) {
            selections++;
        }
        run(named.name(), gridX, gridY, gridZ, threads, named.sharedBytes(), arguments.segment());
    }

    /** Fails where the driver would not launch such a grid. */
    final void countLaunch(int gridY, int gridZ) {
        if (gridY > MOST_BLOCKS || gridZ > MOST_BLOCKS) {
            throw new DeviceLostException("a grid of " + gridY + " blocks in y, " + gridZ + " in z");
        }
        launches++;
    }

    /** Kernels read and write what is allocated, or crash, or worse. */
    private void checkAddresses(Parameters given) {
        int padded = (given.headSize + 3) / 4 * 4;
        checkAllocated(given.blocks, 8L * given.blockCount);
        for (int block = 0; block < given.blockCount; block++) {
            long address = ALL.get(ValueLayout.JAVA_LONG, given.blocks + 8L * block);
            if (address != 0) {
                checkAllocated(address, 128L * given.kvHeads * (padded + 1));
            }
        }
        if (given.selected != 0) {
            checkAllocated(given.selected, 8L * given.kvHeads * given.blockStride);
        }
        long rows = (long) given.kvHeads * given.rows;
        checkAllocated(given.queries, 4 * rows * given.queryStride);
        checkAllocated(given.joined, 4 * rows * (4 + padded));
        checkAllocated(given.partials, 4 * rows * given.partialCount * (4 + padded));
    }

    private void checkAllocated(long address, long bytes) {
        synchronized (open) {
            if (open.stream().noneMatch(
                    made -> made instanceof Space space && address >= space.address()
                            && address + bytes <= space.address() + space.bytes())) {
                throw new AssertionError(bytes + " bytes at " + address + " are not allocated");
            }
        }
    }

    /** Runs a kernel to its end. */
    void run(String name, int gridX, int gridY, int gridZ, int threads, int sharedBytes, MemorySegment parameters) {
        if (name.equals(COPY)) {
            new Copy(parameters).run();
            return;
        }
        if (JavaSelection.isKernel(name)) {
            selection.run(name, gridX, gridY, threads, parameters, this::checkAllocated);
            return;
        }
        Parameters given = new Parameters(parameters);
        boolean any = name.equals("alisa_attend_int8_any");
        boolean batch = name.startsWith("alisa_prefill_int8_h");
        if (!any && !batch && !name.startsWith("alisa_decode_int8_h") && !name.startsWith("alisa_gather_int8_h")) {
            throw new AssertionError("no kernel " + name);
        }
        int perBlock = !batch ? 8 : given.headSize > 128 ? 32 : 64;
        int rowBlocks = any ? given.rows : (given.rows + perBlock - 1) / perBlock;
        if (gridX < 1 || gridX + given.firstPartial != given.partialCount || gridY != given.kvHeads * rowBlocks
                || gridZ != 1
                || (threads != 128 && (batch || any || threads != Geometry.decodeThreads(given.headSize)))
                || (!any && !name.endsWith("_h" + given.headSize))
                || (!any && name.contains("gather") != (given.selected != 0))) {
            throw new AssertionError("a launch of " + name + " over " + gridX + " x " + gridY);
        }
        for (int y = 0; y < gridY * Geometry.ticketsOfRow(gridX, threads); y++) {
            if (ALL.get(ValueLayout.JAVA_INT, given.tickets + 4L * y) != 0) {
                throw new AssertionError("ticket " + y + " is not zero");
            }
        }
        for (int head = 0; head < given.kvHeads; head++) {
            for (int row = 0; row < given.rows; row++) {
                given.attend(head, row);
            }
        }
    }

    @Override
    public void close() {
        if (closed) {
            throw new AssertionError("closed twice");
        }
        closed = true;
    }

    /** {@code CopyParameters}. */
    private final class Copy {
        private static final int PIECES = 128;
        private final MemorySegment raw;
        private final int count;

        Copy(MemorySegment raw) {
            this.raw = raw;
            this.count = raw.get(ValueLayout.JAVA_INT_UNALIGNED, PIECES * 20L);
        }

        private long from(int piece) {
            return raw.get(ValueLayout.JAVA_LONG_UNALIGNED, piece * 8L);
        }

        private long to(int piece) {
            return raw.get(ValueLayout.JAVA_LONG_UNALIGNED, (PIECES + piece) * 8L);
        }

        private int bytes(int piece) {
            return raw.get(ValueLayout.JAVA_INT_UNALIGNED, PIECES * 16L + piece * 4L);
        }

        void check() {
            for (int i = 0; i < count; i++) {
                checkAllocated(to(i), bytes(i));
                Map.Entry<Long, Long> range = registered.floorEntry(from(i));
                if (range == null || from(i) + bytes(i) > range.getKey() + range.getValue()
                        || (from(i) | to(i) | bytes(i)) % 16 != 0) {
                    throw new AssertionError("piece " + i + " can't be read by a kernel");
                }
            }
        }

        void run() {
            for (int i = 0; i < count; i++) {
                MemorySegment.copy(ALL, from(i), ALL, to(i), bytes(i));
            }
        }
    }

    /** {@code AttendParameters}, read by the picture in {@code attention.cuh}. */
    private static final class Parameters {
        final long blocks;
        final long selected;
        final long queries;
        final long partials;
        final long joined;
        final long tickets;
        final int blockCount;
        final int blockStride;
        final int kvHeads;
        final int rows;
        final int queryStride;
        final int headSize;
        final int partialCount;
        final int firstPartial;
        final float softCap;

        Parameters(MemorySegment raw) {
            blocks = raw.get(ValueLayout.JAVA_LONG, 0);
            selected = raw.get(ValueLayout.JAVA_LONG, 8);
            queries = raw.get(ValueLayout.JAVA_LONG, 16);
            partials = raw.get(ValueLayout.JAVA_LONG, 24);
            joined = raw.get(ValueLayout.JAVA_LONG, 32);
            tickets = raw.get(ValueLayout.JAVA_LONG, 40);
            blockCount = raw.get(ValueLayout.JAVA_INT, 48);
            blockStride = raw.get(ValueLayout.JAVA_INT, 52);
            kvHeads = raw.get(ValueLayout.JAVA_INT, 56);
            rows = raw.get(ValueLayout.JAVA_INT, 60);
            queryStride = raw.get(ValueLayout.JAVA_INT, 64);
            headSize = raw.get(ValueLayout.JAVA_INT, 68);
            partialCount = raw.get(ValueLayout.JAVA_INT, 72);
            firstPartial = raw.get(ValueLayout.JAVA_INT, 76);
            softCap = raw.get(ValueLayout.JAVA_FLOAT, 80);
        }

        void attend(int head, int row) {
            int padded = (headSize + 3) / 4 * 4;
            double max = Double.NEGATIVE_INFINITY;
            double sum = 0;
            double[] values = new double[headSize];
            for (int block = 0; block < blockCount; block++) {
                long address = ALL.get(ValueLayout.JAVA_LONG, blocks + 8L * block);
                long bits = selected == 0
                        ? -1
                        : ALL.get(ValueLayout.JAVA_LONG, selected + 8L * ((long) head * blockStride + block));
                for (int token = 0; address != 0 && token < 64; token++) {
                    if ((bits >>> token & 1) == 0) {
                        continue;
                    }
                    long piece = address + head * 128L * (padded + 1);
                    long key = piece + 2L * padded * token;
                    double dot = 0;
                    for (int i = 0; i < headSize; i++) {
                        dot += (double) ALL.get(ValueLayout.JAVA_FLOAT,
                                queries + 4L * ((long) (head * rows + row) * queryStride + i))
                                * ALL.get(ValueLayout.JAVA_BYTE, key + i);
                    }
                    long scales = piece + 128L * padded;
                    double score = dot * ScaleCode.decode(ALL.get(ValueLayout.JAVA_BYTE, scales + token));
                    score = softCap == 0 ? score : softCap * Math.tanh(score / softCap);
                    double larger = Math.max(max, score);
                    double kept = Math.exp(max - larger);
                    double weight = Math.exp(score - larger);
                    double scale = weight * ScaleCode.decode(ALL.get(ValueLayout.JAVA_BYTE, scales + 64 + token));
                    for (int i = 0; i < headSize; i++) {
                        values[i] = values[i] * kept + scale * ALL.get(ValueLayout.JAVA_BYTE, key + padded + i);
                    }
                    sum = sum * kept + weight;
                    max = larger;
                }
            }
            for (int i = 0; i < firstPartial; i++) { // what was written before
                long partial = partials + 4L * ((long) (head * rows + row) * partialCount + i) * (4 + padded);
                double other = ALL.get(ValueLayout.JAVA_FLOAT, partial);
                double larger = Math.max(max, other);
                double kept = max == larger ? 1 : Math.exp(max - larger);
                double added = other == larger ? 1 : Math.exp(other - larger);
                sum = sum * kept + added * ALL.get(ValueLayout.JAVA_FLOAT, partial + 4);
                for (int c = 0; c < headSize; c++) {
                    values[c] = values[c] * kept + added * ALL.get(ValueLayout.JAVA_FLOAT, partial + 16 + 4L * c);
                }
                max = larger;
            }
            long to = joined + 4L * (head * rows + row) * (4 + padded);
            ALL.set(ValueLayout.JAVA_FLOAT, to, (float) max);
            ALL.set(ValueLayout.JAVA_FLOAT, to + 4, (float) sum);
            for (int i = 0; i < headSize; i++) {
                ALL.set(ValueLayout.JAVA_FLOAT, to + 16 + 4L * i, (float) values[i]);
            }
        }
    }
}
