package io.alisa.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.alisa.tier.MemoryBudget;
import io.alisa.tier.MemoryFile;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Closing that fails half-way gives back all the same: nobody tries again. */
class FailedCloseTest {
    private static final KvLayout LAYOUT = new KvLayout(KvFormat.INT8, 2, 64);
    private static final int LAYERS = 16;
    private static final int TOKENS = 1280;

    private final MemoryBudget fast = MemoryBudget.unlimited();

    /** Computes nothing, and can't be closed. */
    private static final Recomputer STUCK = new Recomputer() {
        @Override
        public @Nullable String objection() {
            return null;
        }

        @Override
        public long stateBytes(int tokens) {
            return 1;
        }

        @Override
        public State begin(int start, int[] tokens) {
            return new State() {
                @Override
                public void advance(int layer, KvLayer view) {
                    // zeros will do
                }

                @Override
                public void close() {
                    throw new OutOfMemoryError("here");
                }
            };
        }
    };

    private KvSession session(MemoryBudget slow) {
        KvSession session = new KvSession(LAYOUT, LAYERS, 10_000, false,
                new KvMemory(fast, slow, MemoryFile::new));
        session.setRecomputer(STUCK);
        for (int start = 0; start < TOKENS; start += 256) {
            for (int i = 0; i < LAYERS; i++) {
                session.layer(i).resize(start, start + 256);
                if (i == 0) {
                    session.notePrompt(start, new int[256]);
                }
                session.layer(i).settle();
            }
        }
        session.rest();
        return session;
    }

    /** With a file that has room for a part of it, and with none. */
    @ParameterizedTest
    @ValueSource(longs = {0, 3 << 20})
    void ofASessionInTheMiddleOfComputingAgain(long room) {
        MemoryBudget slow = new MemoryBudget(room);
        KvSession session = session(slow);
        session.giveBack(session.bytes() * 3 / 4);
        assertThat(slow.reserved() > 0).isEqualTo(room > 0);
        assertThat(session.deletedTokens()).isPositive();
        session.layer(0).pin();
        session.layer(0).recall();
        assertThatThrownBy(session::close).hasMessage("here");
        assertThat(session.isClosed()).isTrue();
        assertThat(fast.reserved()).isZero();
        assertThat(slow.reserved()).isZero();
    }
}
