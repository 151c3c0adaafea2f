package io.alisa.cache;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Objects;

import io.alisa.tier.MemoryBudget;
import io.alisa.tier.MemoryFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a session says it holds. */
class KvMemoryTest {
    /** Two layers of a model of one thousand million weights. */
    private static final int LAYERS = 2;
    private static final int KV_HEADS = 8;
    private static final int HEAD_SIZE = 64;
    private static final int BATCH = 256;
    private static final long HOST_BYTES_A_TOKEN = (long) LAYERS * KV_HEADS * HEAD_SIZE * 2 * Float.BYTES;
    private static final KvLayout F32 = new KvLayout(KvFormat.F32, KV_HEADS, HEAD_SIZE);
    private static final KvLayout INT8 = new KvLayout(KvFormat.INT8, KV_HEADS, HEAD_SIZE);

    private static KvSession int8(int tokens, boolean digested) {
        return new KvSession(INT8, LAYERS, tokens, digested);
    }

    /** Takes memory as a prompt in batches does. */
    private static void fill(KvSession session, int tokens) {
        for (int start = 0; start < tokens; start += BATCH) {
            step(session, start, Math.min(tokens, start + BATCH));
        }
    }

    private static void step(KvSession session, int start, int end) {
        for (int i = 0; i < LAYERS; i++) {
            KvLayer layer = session.layer(i);
            layer.resize(start, end);
            KvDigest digest = layer.digest();
            if (digest != null) {
                digest.resize(end / KvLayout.BLOCK_TOKENS);
            }
            layer.settle();
        }
    }

    @Test
    void aLongInt8SessionTakesAQuarter() {
        try (KvSession session = int8(20_000, false)) {
            fill(session, 16_383);
            step(session, 16_383, 16_384);
            assertThat(session.bytes()).isLessThanOrEqualTo(16_384 * HOST_BYTES_A_TOKEN * 26 / 100)
                    .isGreaterThan(16_384 * HOST_BYTES_A_TOKEN / 4);
        }
    }

    /** Whatever others take meanwhile: blocks, and the runs of sketches that begin with some of them. */
    @Test
    void whatAStepNeedsIsClaimedBefore() {
        MemoryBudget fast = new MemoryBudget(1L << 30);
        KvMemory memory = new KvMemory(fast, new MemoryBudget(0), MemoryFile::new);
        try (KvSession session = new KvSession(new KvLayout(KvFormat.INT8, 8, 128), 32, 10_000, true, memory)) {
            for (int tokens = 0; tokens < 5000; tokens += 300) {
                for (int layer = 0; layer < 2; layer++) {
                    session.claimShare(300);
                    long claimed = fast.reserved();
                    KvLayer grown = session.layer(layer);
                    grown.resize(tokens, tokens + 300);
                    Objects.requireNonNull(grown.digest()).resize((tokens + 300) / KvLayout.BLOCK_TOKENS);
                    grown.settle();
                    assertThat(fast.reserved()).as("%s tokens, layer %s", tokens, layer).isLessThanOrEqualTo(claimed);
                }
            }
        }
    }

    /** Means and sketches are a sixteenth of what INT8 takes, and a sixty-fourth. */
    @Test
    void digestsTakeLittle() {
        try (KvSession plain = int8(20_000, false); KvSession digested = int8(20_000, true)) {
            fill(plain, 16_384);
            fill(digested, 16_384);
            long digests = digested.bytes() - plain.bytes();
            long sketches = 16_384L * LAYERS * KV_HEADS * (HEAD_SIZE / 4 + 1);
            long means = 16_384L / 64 * LAYERS * KV_HEADS * (2 * HEAD_SIZE + 2);
            assertThat(digests).isBetween(sketches + means, sketches + means + (1 << 20));
            assertThat(digested.bytes()).isLessThan(16_384 * HOST_BYTES_A_TOKEN * 31 / 100);
        }
    }

    @ParameterizedTest
    @CsvSource({"0,256,3", "0,64,0", "0,65,1", "63,65,1", "64,128,0", "100,356,4"})
    void aBatchIsStagedUntilTheNextStep(int start, int end, int staged) {
        try (KvSession session = int8(1024, false)) {
            fill(session, start);
            step(session, start, end);
            long withBatch = session.bytes();
            step(session, end, end + 1);
            long withStep = session.bytes();
            try (KvSession byTokens = int8(1024, false)) {
                for (int position = 0; position <= end; position++) {
                    step(byTokens, position, position + 1);
                }
                assertThat(withStep).as("after a step").isEqualTo(byTokens.bytes());
            }
            long blocks = (long) staged * F32.blockBytes();
            assertThat(withBatch).as("with a batch").isBetween(withStep + blocks - INT8.blockBytes() * (LAYERS + 3),
                    withStep + blocks);
        }
    }

    /** All layers use the staging blocks in turn: more layers need no more of them. */
    @Test
    void layersShareTheStagingBlocks() {
        try (KvSession session = int8(1024, false)) {
            session.layer(0).resize(0, 512);
            session.layer(0).settle();
            long one = session.bytes();
            session.layer(1).resize(0, 512);
            session.layer(1).settle();
            long ownBlocks = 8 * INT8.blockBytes();
            assertThat(session.bytes() - one).isBetween(0L, ownBlocks + F32.blockBytes());
        }
    }

    @ParameterizedTest
    @CsvSource({"F32,false", "F32,true", "INT8,false", "INT8,true", "BF16,false"})
    void everythingGoesWithTheSession(KvFormat format, boolean digested) {
        KvSession session = new KvSession(new KvLayout(format, KV_HEADS, HEAD_SIZE), LAYERS, 1024, digested);
        assertThat(session.bytes()).as("nothing is taken in advance").isZero();
        session.scratch(1000);
        assertThat(session.bytes()).as("scratch memory counts").isEqualTo(1000);
        step(session, 0, 300);
        assertThat(session.bytes()).isGreaterThan(1000 + 300L * session.layout().blockBytes() * LAYERS / 64);
        session.close();
        assertThat(session.bytes()).isZero();
        session.close();
        assertThat(session.bytes()).isZero();
    }

    @Test
    void aBatchInProgressGoesToo() {
        KvSession session = int8(1024, true);
        session.layer(0).resize(0, 500); // not settled
        session.close();
        assertThat(session.bytes()).isZero();
        assertThat(session.layer(0).tokens()).isZero();
    }
}
