package io.alisa.tier;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntFunction;

import org.jspecify.annotations.Nullable;

/**
 * Reads what the next layer will want from the slow tier while this one is worked on, so that it comes from the system's
 * page cache and not from the disk when it is asked for. What is read here is thrown away: it takes no KV memory and can
 * be wrong without harm.
 *
 * <p>Worth it only while reading is slow, see {@link ReadSpeed}: what comes out of memory anyway has nothing to hide, and
 * copying it twice would take the processor from who needs it. One daemon thread for all sessions; a new wish replaces the
 * one that is being fulfilled. Thread-safe.
 */
public final class ReadAhead {
    /** What the next layer will want. */
    private static final class Wish {
        final PieceFile file;
        final int layer;
        final long[][] wanted;

        Wish(PieceFile file, int layer, long[][] wanted) {
            this.file = file;
            this.layer = layer;
            this.wanted = new long[wanted.length][];
            for (int head = 0; head < wanted.length; head++) {
                this.wanted[head] = wanted[head].clone();
            }
        }
    }

    /** What nobody wants is read, too, where it is less than this: to ask a disk once more takes longer. */
    private static final int BRIDGED_BYTES = 64 << 10;
    private static final ByteBuffer NONE = ByteBuffer.allocateDirect(0);
    private static final ReadAhead PROCESS = new ReadAhead();

    private static final int RUNS_PER_WORD = Long.SIZE / PieceFile.RUN;

    private final IntFunction<ByteBuffer> memory;
    private volatile @Nullable Wish wish;
    private @Nullable Thread thread;
    private volatile long pieces;

    ReadAhead() {
        this(ByteBuffer::allocateDirect);
    }

    /** @param memory gives so many bytes to read into */
    ReadAhead(IntFunction<ByteBuffer> memory) {
        this.memory = memory;
    }

    /** The one of this process. */
    public static ReadAhead ofProcess() {
        return PROCESS;
    }

    /**
     * Says what will be wanted next.
     *
     * @param wanted {@code [head]} of a bit per block of the layer; a copy is kept
     */
    public void wish(PieceFile file, int layer, long[][] wanted) {
        wish = new Wish(file, layer, wanted);
        LockSupport.unpark(started());
    }

    private synchronized Thread started() {
        Thread existing = thread;
        if (existing == null) {
            existing = new Thread(null, this::work, "alisa-read-ahead", 0, false);
            existing.setDaemon(true);
            existing.setContextClassLoader(null); // an application's must be free to go
            existing.start();
            thread = existing;
        }
        return existing;
    }

    private void work() {
        ByteBuffer scratch = NONE;
        while (true) {
            Wish next = wish;
            if (next == null) {
                LockSupport.park(this);
                Thread.interrupted(); // by who ends a group of threads, say: while it stands, nobody can be parked
            } else {
                wish = null;
                scratch = fulfil(next, scratch);
            }
        }
    }

    /** Returns what the next wish is read into. */
    private ByteBuffer fulfil(Wish now, ByteBuffer before) {
        ByteBuffer scratch = before;
        try {
            if (scratch.capacity() < PieceFile.RUN * now.file.pieceBytes()) {
                scratch = memory.apply(PieceFile.RUN * now.file.pieceBytes());
            }
            read(now, scratch);
        } catch (OutOfMemoryError e) {
            // Nobody waits for it, and nobody would start another thread for the next wish.
        }
        wipe(scratch); // nobody's KV stays here when its session ends
        return scratch;
    }

    private void read(Wish now, ByteBuffer scratch) {
        for (int head = 0; head < now.wanted.length; head++) {
            long[] words = now.wanted[head];
            for (int run = 0; run < words.length * RUNS_PER_WORD && wish == null; run++) {
                int bits = (int) (words[run / RUNS_PER_WORD] >>> (run % RUNS_PER_WORD * PieceFile.RUN));
                if (bits != 0) {
                    readRun(now, head, run, bits, scratch);
                }
            }
        }
    }

    private static void wipe(ByteBuffer scratch) {
        scratch.clear();
        while (scratch.remaining() >= Long.BYTES) {
            scratch.putLong(0);
        }
    }

    /** Wanted blocks with little between them in one request. */
    private void readRun(Wish now, int head, int run, int bits, ByteBuffer scratch) {
        int bridged = BRIDGED_BYTES / now.file.pieceBytes();
        for (int left = bits; left != 0;) {
            int first = Integer.numberOfTrailingZeros(left);
            int last = first;
            left &= left - 1;
            while (left != 0 && Integer.numberOfTrailingZeros(left) - last - 1 <= bridged) {
                last = Integer.numberOfTrailingZeros(left);
                left &= left - 1;
            }
            read(now, head, run, first, last - first + 1, scratch);
        }
    }

    @SuppressWarnings("NonAtomicVolatileUpdate") // one writer
    private void read(Wish now, int head, int run, int first, int count, ByteBuffer scratch) {
        try {
            now.file.warm(now.layer, head, run * PieceFile.RUN + first, count, scratch);
            pieces = pieces + count;
        } catch (IOException e) {
            // Whoever needs it will meet the same and say so.
        }
    }

    /** Pieces read ahead so far. */
    public long pieces() {
        return pieces;
    }
}
