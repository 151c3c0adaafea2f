package io.alisa.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;

import io.alisa.tier.MemoryBudget;
import io.alisa.tier.Pinning;
import org.junit.jupiter.api.Test;

/** What a session may still have of RAM. */
class KvRoomTest {
    private static final KvLayout LAYOUT = new KvLayout(KvFormat.INT8, 2, 64);
    private static final int FRAMES = 200;

    /** Nobody makes room. */
    private static final KvRoom.Relief NONE = new KvRoom.Relief() {
        @Override
        public void growing() {
            // no schedule
        }

        @Override
        public boolean demote(int count) {
            return false;
        }

        @Override
        public boolean delete() {
            return false;
        }

        @Override
        public String remedy() {
            return "there is none";
        }
    };

    private final MemoryBudget fast = new MemoryBudget(Long.MAX_VALUE);

    /** Nobody closes it a second time. */
    @Test
    void allIsGivenBackThoughMemoryCanNotBe() {
        KvRoom room = new KvRoom(LAYOUT, fast, bytes -> {
        }, NONE);
        room.pinBy(new Pinning() {
            @Override
            public void pin(long address, long bytes) {
                // nobody reads
            }

            @Override
            public void settle() {
                // nobody reads
            }

            @Override
            public void unpin(long address) {
                throw new OutOfMemoryError("here");
            }
        });
        assertThat(room.frame()).isNotZero();
        assertThatThrownBy(room::close).hasMessage("here");
        assertThat(fast.reserved()).isZero();
    }

    /** More blocks than can be counted fail where fewer do that the heap has no room for, and cost nothing. */
    @Test
    void bytesThatTheHeapHasNoRoomForAreGivenBack() {
        try (KvRoom room = new KvRoom(LAYOUT, fast, bytes -> {
        }, NONE)) {
            HotTokens hot = new HotTokens(LAYOUT);
            assertThatThrownBy(() -> hot.reserve(Integer.MAX_VALUE, room))
                    .isInstanceOf(NegativeArraySizeException.class);
            assertThat(fast.reserved()).isZero();
            assertThat(hot.reserve(1, room)).as("fewer do not fail").isTrue();
        }
    }

    /** Frames that the session gave back to its pool are room as good as what nobody holds. */
    @Test
    void freeFramesAreRoom() {
        try (KvRoom room = new KvRoom(LAYOUT, fast, bytes -> {
        }, NONE)) {
            List<Long> frames = new ArrayList<>();
            while (frames.size() < FRAMES) {
                frames.add(room.frame());
            }
            fast.setCap(fast.reserved());
            long half = FRAMES / 2 * LAYOUT.blockBytes();
            assertThat(room.hasRoomFor(half)).isFalse();
            frames.forEach(room::give);
            assertThat(room.hasRoomFor(half)).isTrue();
            assertThat(room.hasRoomFor(2 * half)).as("and some more").isFalse();
        }
    }

    /** Whoever reads it compares it with a setting. */
    @Test
    void sizesAreSaidAsPeopleReadThem() {
        fast.setCap(3 << 19);
        try (KvRoom room = new KvRoom(LAYOUT, fast, bytes -> {
        }, NONE)) {
            room.reserve(1 << 20);
            assertThatThrownBy(() -> room.reserve(1 << 20)).hasMessage("The KV memory is full: 1.0 MiB more are needed,"
                    + " 1.0 MiB are held by this session and 1.0 MiB of 1.5 MiB by all; there is none");
            room.release(1 << 20);
        }
    }
}
