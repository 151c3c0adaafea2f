package io.alisa.tier;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Frames are whole, one's own, and counted. */
class FramePoolTest {
    private static final MemoryBudget.Owner NOBODY = bytes -> {
        // has nothing that could move
    };

    @SuppressWarnings("restricted") // a frame is an address
    private static MemorySegment frame(long address, long bytes) {
        return MemorySegment.ofAddress(address).reinterpret(bytes);
    }

    private static boolean isFilled(long address, long bytes, byte with) {
        byte[] content = frame(address, bytes).toArray(ValueLayout.JAVA_BYTE);
        for (byte b : content) {
            if (b != with) {
                return false;
            }
        }
        return true;
    }

    /** Frames as the caller knows them: each holds a number of its own. */
    private static final class Model {
        final MemoryBudget budget;
        final MemoryAccount account;
        final FramePool pool;
        final long frameBytes;
        final Map<Integer, Long> frames = new HashMap<>();
        private int next;

        Model(long cap, long frameBytes) {
            budget = new MemoryBudget(cap);
            account = budget.open(NOBODY);
            pool = new FramePool(account, frameBytes);
            this.frameBytes = frameBytes;
        }

        boolean take() {
            long address = pool.take();
            if (address == 0) {
                return false;
            }
            assertThat(isFilled(address, frameBytes, (byte) 0)).as("zeroed").isTrue();
            next++;
            keep(next, address);
            return true;
        }

        private void keep(int id, long address) {
            frame(address, frameBytes).fill((byte) (id % 127 + 1));
            frames.put(id, address);
        }

        void give(Random random) {
            if (!frames.isEmpty()) {
                pool.give(remove(random));
            }
        }

        /** The same, but the frame counts as its own while the pool wipes it. */
        void giveLate(Random random) {
            int id = List.copyOf(frames.keySet()).get(random.nextInt(frames.size()));
            pool.give(Objects.requireNonNull(frames.get(id)));
            frames.remove(id);
        }

        private long remove(Random random) {
            int id = List.copyOf(frames.keySet()).get(random.nextInt(frames.size()));
            Long address = frames.remove(id);
            return address == null ? 0 : address;
        }

        int compact() {
            return compact(Long.MAX_VALUE);
        }

        /** Returns how many frames moved. */
        int compact(long most) {
            int moved = 0;
            pool.evacuate(most);
            for (int id : List.copyOf(frames.keySet())) {
                Long from = frames.get(id);
                long to = from == null ? 0 : pool.takeOther(from);
                if (from != null && to != 0) {
                    keep(id, to);
                    pool.give(from);
                    moved++;
                }
            }
            return moved;
        }

        void check() {
            frames.forEach((id, address) -> assertThat(isFilled(address, frameBytes, (byte) (id % 127 + 1)))
                    .as("frame %s is its own", id).isTrue());
            assertThat(account.reserved()).isEqualTo(pool.bytes()).isEqualTo(budget.reserved());
            assertThat((frames.size() + pool.freeFrames()) * frameBytes).isEqualTo(pool.bytes());
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3, 4, 5})
    void framesAreZeroedAndDoNotOverlap(int seed) {
        Random random = new Random(seed);
        Model model = new Model(4 << 20, 8L * (1 + random.nextInt(12_000)));
        for (int i = 0; i < 300; i++) {
            switch (random.nextInt(8)) {
                case 0 -> model.pool.trim();
                case 1 -> model.compact();
                case 2, 3 -> model.give(random);
                default -> model.take();
            }
            model.check();
        }
        model.pool.close();
        assertThat(model.budget.reserved()).isZero();
        assertThat(model.pool.bytes()).isZero();
    }

    @Test
    void atTheCapThereIsNoFrameUntilOneComesBack() {
        Model model = new Model(1 << 20, 1 << 16);
        while (model.take()) {
            model.check();
        }
        assertThat(model.frames).hasSize(16);
        model.give(new Random(1));
        assertThat(model.take()).isTrue();
        assertThat(model.take()).isFalse();
        model.check();
    }

    /** What frames scattered over many slabs leave free goes back once they stand together. */
    @Test
    void compactedFramesLeaveWholeSlabs() {
        Model model = new Model(16 << 20, 1 << 15);
        while (model.take()) {
            assertThat(model.frames.size()).isLessThanOrEqualTo(512);
        }
        Random random = new Random(3);
        while (model.frames.size() > 100) {
            model.give(random);
        }
        long scattered = model.pool.bytes();
        model.pool.trim();
        assertThat(model.pool.bytes()).as("few slabs are free").isGreaterThan(scattered / 2);
        model.compact();
        model.pool.trim();
        model.check();
        assertThat(model.pool.freeFrames()).as("less than a slab").isLessThan(16);
    }

    /** No more moves than what is asked for takes. */
    @Test
    void onlyTheEmptiestSlabsAreEvacuated() {
        Model model = new Model(16 << 20, 1 << 15);
        while (model.take()) {
            assertThat(model.frames.size()).isLessThanOrEqualTo(512);
        }
        Random random = new Random(3);
        while (model.frames.size() > 300) {
            model.give(random);
        }
        model.pool.trim();
        for (int round = 0; round < 5; round++) {
            assertThat(model.compact(1)).isLessThanOrEqualTo(16);
            assertThat(model.pool.trim()).isBetween(1L << 15, 16L << 15);
            model.check();
        }
    }

    /** One that can't move keeps its slab, and others are chosen. */
    @Test
    void slabsWithFixedFramesStay() {
        Model model = new Model(16 << 20, 1 << 15);
        while (model.take()) {
            assertThat(model.frames.size()).isLessThanOrEqualTo(512);
        }
        Random random = new Random(3);
        while (model.frames.size() > 40) {
            model.give(random);
        }
        model.pool.trim();
        List<Long> all = List.copyOf(model.frames.values());
        all.forEach(model.pool::fix);
        model.pool.fix(64); // of another pool
        assertThat(model.pool.evacuate(Long.MAX_VALUE)).isFalse();
        model.pool.fix(all.getFirst());
        assertThat(model.compact()).isPositive();
        assertThat(model.frames).containsValue(all.getFirst());
        assertThat(model.pool.trim()).isPositive();
        model.check();
    }

    @Test
    void compactingTwiceMovesNothing() {
        Model model = new Model(8 << 20, 1 << 15);
        Random random = new Random(5);
        while (model.take()) {
            assertThat(model.frames).isNotEmpty();
        }
        for (int i = 0; i < 150; i++) {
            model.give(random);
        }
        for (int i = 0; i < 4; i++) {
            model.compact();
        }
        Map<Integer, Long> before = Map.copyOf(model.frames);
        model.compact();
        assertThat(model.frames).isEqualTo(before);
    }

    /** Whoever reads frames by itself is waited for before one is wiped, and knows which memory it may read. */
    @Test
    void memoryThatIsReadIsPinnedWhileItIsThere() {
        Model model = new Model(1 << 22, 5 << 13);
        Map<Long, Long> pinned = new HashMap<>();
        int[] settled = new int[1];
        model.pool.pinBy(new Pinning() {
            @Override
            public void pin(long address, long bytes) {
                assertThat(address % ALIGNMENT).isZero();
                assertThat(pinned.put(address, bytes)).isNull();
                assertThat(isFilled(address, bytes, (byte) 0)).isTrue();
            }

            @Override
            public void settle() {
                settled[0]++;
                model.check(); // nothing was wiped yet
            }

            @Override
            public void unpin(long address) {
                assertThat(isFilled(address, Objects.requireNonNull(pinned.remove(address)), (byte) 0))
                        .as("still there").isTrue();
            }
        });
        Random random = new Random(7);
        for (int i = 0; i < 60; i++) {
            model.take();
        }
        assertThat(pinned.values().stream().mapToLong(bytes -> bytes).sum()).isEqualTo(model.pool.bytes());
        while (model.frames.size() > 0) {
            model.giveLate(random);
        }
        assertThat(settled[0]).isEqualTo(60);
        model.pool.trim();
        assertThat(pinned).isEmpty();
        model.take();
        assertThat(pinned).isNotEmpty();
        model.giveLate(random);
        model.pool.close();
        assertThat(pinned).isEmpty();
    }

    /** The memory is there all the same: nobody has lost it. */
    @Test
    void whatCannotBePinnedIsCounted() {
        Model model = new Model(1 << 20, 1 << 16);
        int[] pins = new int[1];
        model.pool.pinBy(new Pinning() {
            @Override
            public void pin(long address, long bytes) {
                if (pins[0]++ == 1) {
                    throw new OutOfMemoryError("the test wants it so");
                }
            }

            @Override
            public void settle() {
                // nobody reads by itself
            }

            @Override
            public void unpin(long address) {
                // nor is anything pinned
            }
        });
        Random random = new Random(1);
        int failed = 0;
        while (model.frames.size() < 16) {
            try {
                assertThat(model.take()).isTrue();
            } catch (OutOfMemoryError e) {
                failed++;
            }
            model.check();
        }
        assertThat(failed).isEqualTo(1);
        while (!model.frames.isEmpty()) {
            model.give(random);
        }
        model.pool.trim();
        model.check();
        assertThat(model.pool.bytes()).isZero();
    }

    @Test
    void aStrangeAddressIsRefused() {
        Model model = new Model(1 << 20, 1 << 10);
        model.take();
        assertThatIllegalArgumentException().isThrownBy(() -> model.pool.give(64));
    }

    /** A machine with less memory than the cap promised: as if the cap were reached, and nothing is counted. */
    @Test
    void outOfMemoryIsAsTheCapReached() {
        Model model = new Model(Long.MAX_VALUE, 1L << 46);
        assertThat(model.pool.take()).isZero();
        assertThat(model.budget.reserved()).isZero();
        assertThat(model.pool.bytes()).isZero();
        model.pool.close();
    }
}
