package io.alisa.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;

import io.alisa.memory.OffHeap;
import io.alisa.tier.MemoryBudget;
import io.alisa.tier.MemoryFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class KvSessionTest {
    private static final int KV_HEADS = 3;
    private static final int HEAD_SIZE = 20;
    private static final int LAYERS = 2;
    private static final int CONTEXT = 1000;
    private static final KvLayout LAYOUT = new KvLayout(KvFormat.F32, KV_HEADS, HEAD_SIZE);

    private static KvSession session() {
        return new KvSession(LAYOUT, LAYERS, CONTEXT);
    }

    @Test
    void everyTokenOfEveryLayerIsReadBack() {
        try (KvSession session = session()) {
            write(session, 0, 200);
            expect(session, 0, 200);
        }
    }

    @Test
    void blocksOfAllLayersLieApart() {
        try (KvSession session = session()) {
            List<long[]> taken = new ArrayList<>();
            for (int layer = 0; layer < LAYERS; layer++) {
                session.layer(layer).resize(CONTEXT);
                for (int block = 0; block <= (CONTEXT - 1) / KvLayout.BLOCK_TOKENS; block++) {
                    long from = session.layer(layer).block(block);
                    taken.add(new long[]{from, from + LAYOUT.blockBytes()});
                }
            }
            for (long[] a : taken) {
                assertThat(a[0] % 64).as("starts on a cache line").isZero();
                assertThat(taken.stream().filter(b -> a[0] < b[1] && b[0] < a[1])).as("overlapping")
                        .hasSize(1);
            }
            assertThat(session.bytes()).isGreaterThanOrEqualTo(taken.size() * LAYOUT.blockBytes());
        }
    }

    @Test
    void newBlocksAreZero() {
        try (KvSession session = session()) {
            session.layer(0).resize(1);
            for (long offset = 0; offset < LAYOUT.blockBytes(); offset += Float.BYTES) {
                assertThat(OffHeap.getFloat(session.layer(0).block(0) + offset)).isZero();
            }
        }
    }

    @Test
    void shrinkingAndGrowingAgainKeepsTheRest() {
        try (KvSession session = session()) {
            write(session, 0, 300);
            long bytes = session.bytes();
            for (int layer = 0; layer < LAYERS; layer++) {
                session.layer(layer).resize(100);
                assertThat(session.layer(layer).tokens()).isEqualTo(100);
                session.layer(layer).resize(250);
            }
            expect(session, 0, 100);
            assertThat(session.bytes()).isEqualTo(bytes);
        }
    }

    @Test
    void aFullContextIsSaidAndHarmsNothing() {
        try (KvSession session = session()) {
            write(session, 0, CONTEXT);
            assertThatThrownBy(() -> session.layer(0).resize(CONTEXT + KvLayout.BLOCK_TOKENS))
                    .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("The context is full")
                    .hasMessageContaining("shorten the prompt or start a new session");
            expect(session, 0, CONTEXT);
        }
    }

    /** Blocks, digests, and what a step took. */
    @Test
    void whatIsCutOffGoesBackToTheSystem() {
        KvLayout int8 = new KvLayout(KvFormat.INT8, KV_HEADS, HEAD_SIZE);
        int shared = 2 * KvLayout.BLOCK_TOKENS;
        int all = 400 * KvLayout.BLOCK_TOKENS;
        try (KvSession small = new KvSession(int8, LAYERS, all, true);
                KvSession cut = new KvSession(int8, LAYERS, all, true)) {
            grow(small, shared);
            grow(cut, all);
            assertThat(cut.bytes()).isGreaterThan(5 * small.bytes());
            cut.freeze(shared);
            assertThat(cut.cutBackToFrozen()).isTrue();
            long largestSlab = 16 * int8.blockBytes();
            assertThat(cut.bytes()).isLessThanOrEqualTo(small.bytes() + largestSlab);
            cut.freeze(0);
            grow(cut, all);
            for (int block = shared / KvLayout.BLOCK_TOKENS; block < all / KvLayout.BLOCK_TOKENS; block++) {
                long sketch = cut.layer(1).sketch(block);
                assertThat(sketch).isNotZero();
                assertThat(OffHeap.getByte(sketch)).as("of new memory").isZero();
            }
        }
    }

    /** Each KV head's in one stream of so many blocks, none over another. */
    @Test
    void sketchesOfAKvHeadLieTogether() {
        KvLayout int8 = new KvLayout(KvFormat.INT8, KV_HEADS, HEAD_SIZE);
        long bytes = new SketchLayout(KV_HEADS, HEAD_SIZE).headBytes();
        int blocks = 3 * KvDigest.RUN - 1;
        try (KvSession session = new KvSession(int8, LAYERS, blocks * KvLayout.BLOCK_TOKENS, true)) {
            grow(session, blocks * KvLayout.BLOCK_TOKENS);
            Map<Long, Integer> marks = new HashMap<>();
            for (int layer = 0; layer < LAYERS; layer++) {
                KvDigest digest = Objects.requireNonNull(session.layer(layer).digest());
                for (int head = 0; head < KV_HEADS; head++) {
                    for (int block = 0; block < blocks; block++) {
                        long sketch = digest.sketch(block, head);
                        int mark = marks.size() % 251; // no two that overlap have the same
                        assertThat(marks.put(sketch, mark)).isNull();
                        if (block % KvDigest.RUN > 0) {
                            assertThat(sketch).isEqualTo(digest.sketch(block - 1, head) + bytes);
                        }
                        OffHeap.setByte(sketch, mark);
                        OffHeap.setByte(sketch + bytes - 1, mark);
                    }
                }
            }
            marks.forEach((start, mark) -> {
                assertThat(OffHeap.getByte(start)).isEqualTo(mark.byteValue());
                assertThat(OffHeap.getByte(start + bytes - 1)).isEqualTo(mark.byteValue());
            });
        }
    }

    private static void grow(KvSession session, int tokens) {
        for (int layer = 0; layer < LAYERS; layer++) {
            KvLayer grown = session.layer(layer);
            grown.resize(grown.tokens(), tokens);
            Objects.requireNonNull(grown.digest()).resize(tokens / KvLayout.BLOCK_TOKENS);
            grown.settle();
        }
        session.rest();
    }

    @Test
    void closingFreesAndMayBeRepeated() {
        KvSession session = session();
        session.layer(0).resize(1);
        assertThat(session.bytes()).isPositive();
        session.close();
        assertThat(session.bytes()).isZero();
        assertThat(session.isClosed()).isTrue();
        assertThatCode(session::close).doesNotThrowAnyException();
    }

    @Test
    void aClosedSessionGivesNoMemory() {
        KvSession session = session();
        session.layer(0).resize(10);
        session.close();
        assertThatThrownBy(() -> session.layer(0).resize(11)).as("room that was there before")
                .isInstanceOf(IllegalStateException.class).hasMessageContaining("closed");
        assertThatThrownBy(() -> session.layer(1).resize(500)).as("new room")
                .isInstanceOf(IllegalStateException.class).hasMessageContaining("closed");
    }

    /** Who is told that memory is full raises a cap or closes others, and neither helps. */
    @Test
    void aClosedSessionDoesNotSayThatMemoryIsFull() {
        for (KvFormat format : KvFormat.values()) {
            KvSession session = new KvSession(new KvLayout(format, 2, 20), 1, CONTEXT);
            session.countHeap(10);
            session.layer(0).resize(0, 10);
            session.close();
            assertThatThrownBy(() -> session.layer(0).resize(10, 700)).as("%s", format)
                    .isInstanceOf(IllegalStateException.class).hasMessage("The session is closed");
            assertThatThrownBy(() -> session.scratch(10)).hasMessage("The session is closed");
        }
    }

    @Test
    @Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void closingWaitsForTheStepInProgress() throws InterruptedException {
        KvSession session = session();
        Thread closer = Thread.ofPlatform().unstarted(session::close);
        session.lock().lock();
        try {
            closer.start();
            while (!session.lock().hasQueuedThread(closer)) {
                Thread.onSpinWait();
            }
            session.layer(0).resize(10); // still there
            assertThat(session.isClosed()).isFalse();
        } finally {
            session.lock().unlock();
        }
        closer.join();
        assertThat(session.isClosed()).isTrue();
    }

    /** Whoever wants memory of it may have its own model wait, and a large file takes long. */
    @Test
    @Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void nobodyWaitsForASessionThatIsBeingSaved() throws InterruptedException {
        KvMemory memory = new KvMemory(MemoryBudget.unlimited(), MemoryBudget.unlimited(), MemoryFile::new);
        try (KvSession session = new KvSession(new KvLayout(KvFormat.INT8, 2, 64), 1, 6400, false, memory)) {
            session.layer(0).resize(0, 6400);
            session.layer(0).settle();
            session.rest();
            Thread asking = Thread.ofPlatform().unstarted(() -> session.giveBack(session.bytes() / 2));
            session.lock().lock();
            session.setBeingSaved(true);
            try {
                asking.start();
                asking.join();
                assertThat(session.demotedBlocks()).isZero();
            } finally {
                session.setBeingSaved(false);
                session.lock().unlock();
            }
            session.giveBack(session.bytes() / 2);
            assertThat(session.demotedBlocks()).as("as ever").isPositive();
        }
    }

    private static void write(KvSession session, int from, int to) {
        for (int layer = 0; layer < LAYERS; layer++) {
            session.layer(layer).resize(to);
            for (int token = from; token < to; token++) {
                for (int head = 0; head < KV_HEADS; head++) {
                    float[] both = content(layer, token, head);
                    session.layer(layer).rows().putKey(token, head, both, 0);
                    session.layer(layer).rows().putValue(token, head, both, HEAD_SIZE);
                }
            }
        }
    }

    private static void expect(KvSession session, int from, int to) {
        for (int layer = 0; layer < LAYERS; layer++) {
            for (int token = from; token < to; token++) {
                for (int head = 0; head < KV_HEADS; head++) {
                    assertThat(read(session.layer(layer), token, head))
                            .as("layer %s, token %s, head %s", layer, token, head)
                            .isEqualTo(content(layer, token, head));
                }
            }
        }
    }

    /** A key and a value behind it that nobody else has. */
    private static float[] content(int layer, int token, int head) {
        Random random = new Random(((long) layer * CONTEXT + token) * KV_HEADS + head);
        float[] both = new float[2 * HEAD_SIZE];
        for (int i = 0; i < both.length; i++) {
            both[i] = random.nextFloat();
        }
        return both;
    }

    private static float[] read(KvLayer layer, int token, int head) {
        long keys = LAYOUT.headAddress(layer.block(token / KvLayout.BLOCK_TOKENS), head);
        long values = keys + LAYOUT.keyBytes();
        int slot = token % KvLayout.BLOCK_TOKENS;
        float[] both = new float[2 * HEAD_SIZE];
        for (int i = 0; i < HEAD_SIZE; i++) {
            both[i] = OffHeap.getFloat(keys + (long) (i * KvLayout.BLOCK_TOKENS + slot) * Float.BYTES);
            both[HEAD_SIZE + i] = OffHeap
                    .getFloat(values + (long) (slot * LAYOUT.paddedHeadSize() + i) * Float.BYTES);
        }
        return both;
    }

    /** Somebody is at it, though it is this very thread: what gives way must not be what asks for room. */
    @Test
    void whoHoldsTheLockIsNotAskedToGiveWay() {
        MemoryBudget fast = new MemoryBudget(Long.MAX_VALUE);
        try (KvSession session = new KvSession(new KvLayout(KvFormat.INT8, 1, 64), 1, 1024, false,
                new KvMemory(fast, MemoryBudget.unlimited(), MemoryFile::new))) {
            session.layer(0).resize(0, 640);
            session.layer(0).settle();
            session.lock().lock();
            try {
                assertThat(session.tryClose()).isFalse();
                assertThat(session.cutBackToFrozen()).isFalse();
                assertThat(session.moveOut(fast, 1 << 20)).isZero();
            } finally {
                session.lock().unlock();
            }
            assertThat(session.isClosed()).isFalse();
            assertThat(session.tryClose()).isTrue();
        }
    }
}
