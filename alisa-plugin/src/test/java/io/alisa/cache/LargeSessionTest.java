package io.alisa.cache;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;

import io.alisa.tier.BlockFile;
import io.alisa.tier.MemoryBudget;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Many blocks. */
class LargeSessionTest {
    private static final int BLOCKS = 40_000;
    private static final int BATCH = 64 * KvLayout.BLOCK_TOKENS;

    /** Where all blocks are equal, what is written need not be kept. */
    private static final class Zeros implements BlockFile {
        @Override
        public void reserve(long bytes) {
            // there is room
        }

        @Override
        public void write(long position, ByteBuffer source) {
            source.position(source.limit());
        }

        @Override
        public void read(long position, ByteBuffer target) {
            while (target.hasRemaining()) {
                target.put((byte) 0);
            }
        }

        @Override
        public void close() {
            // nothing is kept
        }
    }

    /** It once took time by the square of that: minutes. */
    @Test
    @Timeout(value = 120, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void givingBackHalfOfItIsNoGreatMatter() {
        MemoryBudget fast = MemoryBudget.unlimited();
        KvMemory memory = new KvMemory(fast, MemoryBudget.unlimited(), Zeros::new);
        KvLayout tiny = new KvLayout(KvFormat.INT8, 1, 8);
        try (KvSession session = new KvSession(tiny, 1, BLOCKS * KvLayout.BLOCK_TOKENS, false, memory)) {
            KvLayer layer = session.layer(0);
            for (int start = 0; start < BLOCKS * KvLayout.BLOCK_TOKENS; start += BATCH) {
                layer.resize(start, start + BATCH);
                layer.settle();
            }
            for (int block = 0; block < BLOCKS - 1; block++) { // scattered over all slabs
                layer.noteUse(block, block * 7919 % 101 / 100f);
            }
            session.rest();
            long held = session.bytes();
            session.giveBack(held / 2);
            assertThat(session.bytes()).isLessThanOrEqualTo(held - held / 2).isGreaterThan(held * 48 / 100);
        }
    }
}
