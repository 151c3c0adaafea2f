package io.alisa.attention;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;

import io.alisa.cache.KvFormat;
import io.alisa.cache.KvLayout;
import io.alisa.cache.KvMemory;
import io.alisa.cache.KvSession;
import io.alisa.tier.MemoryBudget;
import io.alisa.tier.MemoryFullException;
import org.junit.jupiter.api.Test;

/** What prompts are attended with: all that the workers need, or nothing. */
class PrefillScratchTest {
    private static final AttentionShape SHAPE = new AttentionShape(2, 2, 64, 0);
    private static final KvLayout LAYOUT = new KvLayout(KvFormat.INT8, 2, 64);
    private static final long BLOCK = new KvLayout(KvFormat.F32, 1, 64).headBytes();

    private static PrefillAttention prefill(KvSession session) {
        return new PrefillAttention(SHAPE, new ScalarKernels(), Teams.of(3), session);
    }

    @Test
    void attemptsThatFailTakeNothing() {
        MemoryBudget fast = new MemoryBudget(Long.MAX_VALUE);
        KvMemory memory = new KvMemory(fast, new MemoryBudget(0), () -> {
            throw new IOException("There is no slow tier");
        });
        try (KvSession session = new KvSession(LAYOUT, 2, 1000, false, memory)) {
            session.layer(0).resize(0, 10);
            session.rest();
            long before = session.bytes();
            fast.setCap(fast.reserved() + 2 * BLOCK); // for two of three
            for (int i = 0; i < 3; i++) {
                assertThatThrownBy(() -> prefill(session)).isInstanceOf(MemoryFullException.class);
                assertThat(session.bytes()).isEqualTo(before);
            }
            fast.setCap(fast.reserved() + 3 * BLOCK);
            assertThat(prefill(session)).isNotNull();
            assertThat(session.bytes()).isEqualTo(before + 3 * BLOCK);
        }
    }
}
