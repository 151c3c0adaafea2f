package io.alisa.host;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

import io.alisa.attention.Teams;
import io.alisa.cache.KvFormat;
import io.alisa.cache.KvMemory;
import io.alisa.cache.KvSession;
import io.alisa.host.SavedSessions.Restored;
import io.alisa.tier.MemoryBudget;
import io.alisa.tier.MemoryFile;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What neither tier had room for when a session was saved has none when it is restored: it is deleted then, too. */
class RestoredWhileDeletedTest {
    private static final ModelShape SHAPE = SpokenSession.shape(KvFormat.F32, 16);
    private static final int BATCH = 192;
    private static final int TOKENS = 10 * BATCH;
    /** A batch in the middle. */
    private static final int PINNED = 3 * BATCH;

    @TempDir
    Path directory = Path.of("");

    private static HostSession open(SessionMode mode, KvMemory memory) {
        HostSession session = new HostSession(SHAPE, mode, memory, SpokenSession.KERNELS, Teams.of(2));
        session.kv().setRecomputer(new SpokenAgain(session.attentionShape()));
        return session;
    }

    private static SessionMode mode(String policy) {
        return policy.equals("none") ? SpokenSession.int8() : SpokenSession.sparse(policy, KvFormat.INT8);
    }

    /** What is said behind all the tokens. */
    private static List<float[]> goOn(SpokenSession session) {
        return session.feed(TOKENS, TOKENS + 5, 1);
    }

    private static void assertDeletedButForThePinned(KvSession kv) {
        assertThat(kv.deletedTokens()).isPositive();
        for (int block = PINNED / 64; block < (PINNED + BATCH) / 64; block++) {
            assertThat(kv.isDeleted(block)).as("pinned block %s", block).isFalse();
        }
    }

    @ParameterizedTest
    @CsvSource({"none,0", "none,100000", "swa,0"})
    void theCapsThatItWasSavedUnderWillDo(String policy, long slow) throws IOException {
        List<float[]> expected;
        long whole;
        try (SpokenSession spoken = new SpokenSession(open(mode(policy), KvMemory.unlimited()))) {
            spoken.feed(0, TOKENS, BATCH);
            spoken.session.kv().rest();
            whole = spoken.session.kv().bytes();
            expected = goOn(spoken);
        }
        KvMemory caps = new KvMemory(new MemoryBudget(whole * 4 / 5), new MemoryBudget(slow), MemoryFile::new);
        Path file = directory.resolve("session");
        try (SpokenSession spoken = new SpokenSession(open(mode(policy), caps))) {
            spoken.feed(0, PINNED + BATCH, BATCH);
            spoken.binding().pin(PINNED, PINNED + BATCH);
            spoken.feed(PINNED + BATCH, TOKENS, BATCH);
            assertDeletedButForThePinned(spoken.session.kv());
            spoken.save("TINY-1", file);
        }
        Restored restored = SavedSessions.restore(file, "TINY-1", SHAPE, SpokenSession.VOCABULARY, true,
                mode -> open(mode, caps));
        try (SpokenSession spoken = new SpokenSession(restored.session())) {
            assertDeletedButForThePinned(restored.session().kv());
            assertThat(goOn(spoken).toArray(float[][]::new)).isDeepEqualTo(expected.toArray(float[][]::new));
        }
        assertThat(caps.fast().reserved()).isZero();
        assertThat(caps.slow().reserved()).isZero();
    }
}
