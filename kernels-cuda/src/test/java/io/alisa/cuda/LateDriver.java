package io.alisa.cuda;

import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

import org.jspecify.annotations.Nullable;

/**
 * A driver whose device takes its time, as a GPU may: what a stream is asked for comes to pass in the order of the stream, but
 * only when somebody waits for it or, where a seed says so, at any moment before. Nothing waits by itself: giving memory
 * back does on GPUs, but does not have to. What is overwritten, given back, no longer pinned or read too early shows so, and does not where all is
 * done at once. The same seed and the same calls say the same.
 */
class LateDriver extends JavaDriver {
    /** When what was asked for comes to pass: as late as possible where it is null. */
    private final @Nullable Random random;
    /** In the order in which they were made, so that a seed says the same each time. */
    private final Map<Stream, Waiting> streams = new LinkedHashMap<>();
    private final Map<Event, Mark> marks = new HashMap<>();
    private long most;
    private @Nullable AssertionError failure;

    /** What a stream was asked for and did not do. */
    private static final class Waiting {
        private final ArrayDeque<Runnable> all = new ArrayDeque<>();
        private long asked;
        private long done;
        private boolean destroyed;
    }

    /** So much of what a stream is asked for. */
    private record Mark(Waiting of, long asked) {
    }

    private LateDriver(@Nullable Random random) {
        this.random = random;
    }

    /** Everything happens as late as possible. */
    static LateDriver asLateAsPossible() {
        return new LateDriver((Random) null);
    }

    /** Things happen at times that a seed chooses. */
    static LateDriver atRandom(long seed) {
        return new LateDriver(new Random(seed));
    }

    /** The most that a stream had before it at a time: 0 where nothing was ever late. */
    long most() {
        return most;
    }

    private void doUpTo(Waiting stream, long asked) {
        while (stream.done < asked) {
            stream.done++;
            try {
                stream.all.remove().run();
            } catch (AssertionError e) {
                failure = failure == null ? e : failure; // whoever waits may be one who swallows it
                throw e;
            }
        }
    }

    /** What a device may do at any time. */
    private void pass() {
        if (random == null || streams.isEmpty()) {
            return;
        }
        List<Waiting> all = streams.values().stream().filter(stream -> stream.done < stream.asked).toList();
        if (!all.isEmpty() && random.nextInt(4) == 0) {
            Waiting stream = all.get(random.nextInt(all.size()));
            doUpTo(stream, stream.done + 1 + random.nextInt(Math.toIntExact(stream.asked - stream.done)));
        }
    }

    private Waiting waiting(Stream stream) {
        Waiting found = streams.get(stream);
        if (found == null || found.destroyed) {
            throw new AssertionError("a stream is used after it was given back");
        }
        return found;
    }

    private Mark ask(Stream stream, Runnable what) {
        Waiting of = waiting(stream);
        of.all.add(what);
        of.asked++;
        most = Math.max(most, of.asked - of.done);
        Mark mark = new Mark(of, of.asked);
        pass();
        return mark;
    }

    @Override
    public synchronized Stream createStream() {
        Stream stream = super.createStream();
        streams.put(stream, new Waiting());
        return stream;
    }

    /** It does what it was asked for all the same. */
    @Override
    public synchronized void destroy(Stream stream) {
        waiting(stream).destroyed = true;
    }

    @Override
    public synchronized void destroy(Event event) {
        marks.remove(event);
        super.destroy(event);
    }

    @Override
    public synchronized void record(Event event, Stream stream) {
        super.record(event, stream);
        marks.put(event, ask(stream, () -> {
            // all before it is done
        }));
    }

    @Override
    public synchronized void waitFor(Stream stream, Event event) {
        super.waitFor(stream, event);
        Mark mark = marks.get(event);
        if (mark != null) {
            ask(stream, () -> doUpTo(mark.of(), mark.asked()));
        }
    }

    @Override
    public synchronized void synchronize(Event event) {
        super.synchronize(event);
        pass();
        Mark mark = marks.get(event);
        if (mark != null) {
            doUpTo(mark.of(), mark.asked());
        }
    }

    @Override
    public synchronized void synchronize(Stream stream) {
        super.synchronize(stream);
        Waiting of = waiting(stream);
        doUpTo(of, of.asked);
    }

    @Override
    public synchronized @Nullable Memory allocate(long bytes) {
        pass();
        return super.allocate(bytes);
    }

    @Override
    public synchronized void free(Memory memory) {
        pass();
        super.free(memory);
    }

    @Override
    public synchronized void freePinned(Pinned memory) {
        super.freePinned(memory);
    }

    @Override
    public synchronized void unregister(long address) {
        pass();
        super.unregister(address);
    }

    @Override
    public synchronized void copyToDevice(Memory to, long toOffset, Pinned from, long fromOffset, long bytes,
            Stream stream) {
        ask(stream, () -> super.copyToDevice(to, toOffset, from, fromOffset, bytes, stream));
    }

    @Override
    public synchronized void copyToHost(Pinned to, Memory from, long bytes, Stream stream) {
        ask(stream, () -> super.copyToHost(to, from, bytes, stream));
    }

    @Override
    public synchronized void copyOnDevice(Memory to, Memory from, long bytes, Stream stream) {
        ask(stream, () -> super.copyOnDevice(to, from, bytes, stream));
    }

    @Override
    public synchronized void zero(Memory memory, long bytes, Stream stream) {
        ask(stream, () -> super.zero(memory, bytes, stream));
    }

    /** The structure is read now: it may be another launch's when this one comes to pass. */
    @Override
    public synchronized void launch(Kernel kernel, int gridX, int gridY, int gridZ, int threads, Stream stream,
            Arguments arguments) {
        Arguments now = arguments(arguments.segment().byteSize());
        MemorySegment.copy(arguments.segment(), 0, now.segment(), 0, now.segment().byteSize());
        ask(stream, () -> super.launch(kernel, gridX, gridY, gridZ, threads, stream, now));
    }

    /** Throws what went wrong unseen, too. */
    @Override
    public synchronized void close() {
        streams.values().forEach(stream -> doUpTo(stream, stream.asked));
        streams.forEach((stream, waiting) -> {
            if (waiting.destroyed) {
                super.destroy(stream);
            }
        });
        super.close();
        if (failure != null) {
            throw failure;
        }
    }
}
