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
        final int heads;
        final long[] wanted;

        Wish(PieceFile file, int layer, int heads, long... wanted) {
            this.file = file;
            this.layer = layer;
            this.heads = heads;
            this.wanted = wanted.clone();
        }
    }

    private static final ByteBuffer NONE = ByteBuffer.allocateDirect(0);
    private static final ReadAhead PROCESS = new ReadAhead();

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
     * @param wanted a bit per block of the layer; a copy is kept
     */
    public void wish(PieceFile file, int layer, int heads, long... wanted) {
        wish = new Wish(file, layer, heads, wanted);
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
        int runs = (now.wanted.length * Long.SIZE + PieceFile.RUN - 1) / PieceFile.RUN;
        for (int head = 0; head < now.heads; head++) {
            for (int run = 0; run < runs && wish == null; run++) {
                int bits = (int) (now.wanted[run / 2] >>> (run % 2 * PieceFile.RUN));
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

    /** From the first to the last wanted block in one request. */
    @SuppressWarnings("NonAtomicVolatileUpdate") // one writer
    private void readRun(Wish now, int head, int run, int bits, ByteBuffer scratch) {
        int first = Integer.numberOfTrailingZeros(bits);
        int count = Integer.SIZE - Integer.numberOfLeadingZeros(bits) - first;
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
