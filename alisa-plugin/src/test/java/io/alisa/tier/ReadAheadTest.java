package io.alisa.tier;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class ReadAheadTest {
    private static final int PIECE = 64;
    private static final int LARGE_PIECE = 16 << 10;
    private static final int HEADS = 2;
    /** The first, of both heads. */
    private static final long[][] ONE_BLOCK = {{1}, {1}};

    private final Queue<Integer> requests = new ConcurrentLinkedQueue<>();

    private PieceFile file(MemoryFile.Trouble trouble, int blocks) throws IOException {
        return file(trouble, blocks, PIECE);
    }

    private PieceFile file(MemoryFile.Trouble trouble, int blocks, int pieceBytes) throws IOException {
        MemoryBudget budget = MemoryBudget.unlimited();
        PieceFile file = new PieceFile(new MemoryFile(trouble), budget.open(bytes -> {
        }), 1, HEADS, pieceBytes, 128);
        for (int block = 0; block < blocks; block++) {
            assertThat(file.open(0, block)).isTrue();
            for (int head = 0; head < HEADS; head++) {
                file.write(0, head, block, 1, ByteBuffer.allocate(pieceBytes), new PieceReader());
            }
            file.written(0, block);
        }
        return file;
    }

    /** By who ends all threads of a group, say: one that stays interrupted can't be parked, and takes a core until the end. */
    @Test
    @Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void interruptsAreForgotten() throws Exception {
        CompletableFuture<Thread> reader = new CompletableFuture<>();
        try (PieceFile file = file((call, bytes) -> {
            if (call.equals("read")) {
                reader.complete(Thread.currentThread());
            }
        }, 2)) {
            new ReadAhead().wish(file, 0, ONE_BLOCK);
            Thread thread = reader.get();
            thread.interrupt();
            while (thread.isInterrupted() || thread.getState() != Thread.State.WAITING) {
                Thread.onSpinWait();
            }
        }
    }

    /** From the first to the last wanted block of a run in one request, head by head, and what is not there not at all. */
    @Test
    void readsWhatIsWantedInLargeRequests() throws Exception {
        CountDownLatch all = new CountDownLatch(3);
        try (PieceFile file = file((call, bytes) -> {
            if (call.equals("read")) {
                requests.add(bytes.length / PIECE);
                all.countDown();
            }
        }, 50)) {
            new ReadAhead().wish(file, 0, new long[][]{{0b1011L | 0b111L << 40, 1L}, {1L << 2, 0}});
            assertThat(all.await(1, TimeUnit.MINUTES)).isTrue();
        }
        assertThat(requests).containsExactly(4, 3, 1);
    }

    /** What lies between is read, too, unless that is more than a disk's answer takes. */
    @Test
    void readsFarPiecesApart() throws Exception {
        CountDownLatch all = new CountDownLatch(3);
        try (PieceFile file = file((call, bytes) -> {
            if (call.equals("read")) {
                requests.add(bytes.length);
                all.countDown();
            }
        }, 32, LARGE_PIECE)) {
            new ReadAhead().wish(file, 0, new long[][]{{1L << 1 | 1L << 5 | 1L << 11}, {1L << 31}});
            assertThat(all.await(1, TimeUnit.MINUTES)).isTrue();
        }
        assertThat(requests).as("four are 64 KiB").containsExactly(5 * LARGE_PIECE, LARGE_PIECE, LARGE_PIECE);
    }

    @Test
    void aFailureHarmsNobody() throws Exception {
        CountDownLatch all = new CountDownLatch(2);
        try (PieceFile file = file((call, bytes) -> {
            if (call.equals("read")) {
                all.countDown();
                throw new IOException("broken");
            }
        }, 3)) {
            ReadAhead ahead = new ReadAhead();
            ahead.wish(file, 0, ONE_BLOCK);
            assertThat(all.await(1, TimeUnit.MINUTES)).as("goes on after a failure").isTrue();
            assertThat(ahead.pieces()).isZero();
            assertThat(file.bytesRead()).as("counts as nobody's waiting").isZero();
        }
    }

    /** The thread is there once and for all. */
    @Test
    void wantOfMemoryCostsOneWishOnly() throws Exception {
        CountDownLatch asked = new CountDownLatch(1);
        CountDownLatch read = new CountDownLatch(HEADS);
        try (PieceFile file = file((call, bytes) -> {
            if (call.equals("read")) {
                read.countDown();
            }
        }, 3)) {
            ReadAhead ahead = new ReadAhead(bytes -> {
                if (asked.getCount() > 0) {
                    asked.countDown();
                    throw new OutOfMemoryError("Cannot reserve direct buffer memory");
                }
                return ByteBuffer.allocateDirect(bytes);
            });
            ahead.wish(file, 0, ONE_BLOCK);
            assertThat(asked.await(1, TimeUnit.MINUTES)).isTrue();
            ahead.wish(file, 0, ONE_BLOCK);
            assertThat(read.await(1, TimeUnit.MINUTES)).as("goes on with the next").isTrue();
        }
    }

    /** Whoever wishes first may be an application that goes again. */
    @Test
    void keepsNothingOfWhoStartsIt() throws Exception {
        InheritableThreadLocal<String> local = new InheritableThreadLocal<>();
        Thread caller = Thread.currentThread();
        ClassLoader before = caller.getContextClassLoader();
        CompletableFuture<List<@Nullable Object>> seen = new CompletableFuture<>();
        try (URLClassLoader application = new URLClassLoader(new URL[0]); PieceFile file = file((call, bytes) -> {
            if (call.equals("read")) {
                seen.complete(
                        Arrays.<@Nullable Object>asList(Thread.currentThread().getContextClassLoader(), local.get()));
            }
        }, 1)) {
            caller.setContextClassLoader(application);
            local.set("the application's");
            new ReadAhead().wish(file, 0, ONE_BLOCK);
            assertThat(seen.get(1, TimeUnit.MINUTES)).containsExactly(null, null);
        } finally {
            caller.setContextClassLoader(before);
            local.remove();
        }
    }
}
