package io.alisa.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.nio.ByteBuffer;

import io.alisa.tier.DamagedPieceException;
import io.alisa.tier.MemoryBudget;
import io.alisa.tier.MemoryFile;
import io.alisa.tier.PieceReader;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** How often all that is in the file is read because a piece did not come back. */
class DamageInAStepTest {
    private static final KvLayout LAYOUT = new KvLayout(KvFormat.INT8, 2, 64);
    private static final int BLOCKS = 5;
    private static final int TOKENS = BLOCKS * KvLayout.BLOCK_TOKENS + 1;

    private boolean isChanged;
    private boolean isGone;
    private int reads;
    private final KvMemory memory = new KvMemory(MemoryBudget.unlimited(), MemoryBudget.unlimited(),
            () -> new MemoryFile((call, bytes) -> {
                if (call.equals("read")) {
                    reads++;
                    if (isGone) {
                        throw new IOException("The disk is gone");
                    }
                    bytes[0] ^= (byte) (isChanged ? 4 : 0);
                }
            }));
    private final KvSession session = new KvSession(LAYOUT, 1, 1000);
    private final KvLayer layer = session.layer(0);
    private final SlowTier slow = new SlowTier(LAYOUT, memory, 1, BLOCKS);
    private final KvTiers tiers = new KvTiers(LAYOUT, memory, bytes -> {
        // nobody asks
    }, slow, false);

    DamageInAStepTest() {
        layer.resize(0, TOKENS - 1);
        layer.settle();
        layer.resize(TOKENS - 1, TOKENS);
        layer.settle();
        tiers.serve(layer);
        for (int block = 0; block < BLOCKS; block++) {
            assertThat(slow.store(layer, block)).isTrue();
        }
    }

    @AfterEach
    void close() {
        tiers.close();
        slow.close();
        session.close();
    }

    private DamagedPieceException damage() {
        DamagedPieceException damage = catchThrowableOfType(DamagedPieceException.class, () -> slow.read(
                new PieceReader(), 0, 0, 0, 1, ByteBuffer.allocate(Math.toIntExact(LAYOUT.headBytes()))));
        assertThat(damage).isNotNull();
        reads = 0;
        return damage;
    }

    /** All others were whole a moment ago. */
    @Test
    void changedPiecesHaveAllReadOnceInAStep() {
        isChanged = true;
        DamagedPieceException damage = damage();
        isChanged = false;
        for (int step = 1; step < 3; step++) {
            tiers.beginStep(TOKENS);
            for (int piece = 0; piece < 3; piece++) {
                tiers.check(damage, (of, block) -> {
                });
            }
            assertThat(reads).as("step %s", step).isEqualTo(step * BLOCKS * LAYOUT.kvHeads());
        }
    }

    /** It may have been there when all was read. */
    @Test
    void aDiskThatIsGoneIsLookedAtAgain() {
        isChanged = true;
        DamagedPieceException changed = damage();
        isChanged = false;
        tiers.beginStep(TOKENS);
        tiers.check(changed, (of, block) -> {
        });
        isGone = true;
        tiers.check(damage(), (of, block) -> {
        });
        assertThat(reads).isPositive();
        assertThat(slow.canStore()).as("nothing more goes there").isFalse();
    }
}
