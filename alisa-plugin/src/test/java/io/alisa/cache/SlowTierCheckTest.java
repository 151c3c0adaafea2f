package io.alisa.cache;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;

import io.alisa.tier.MemoryBudget;
import io.alisa.tier.MemoryFile;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What a session has in RAM and in its file. */
class SlowTierCheckTest {
    private static final KvLayout LAYOUT = new KvLayout(KvFormat.INT8, 2, 64);
    private static final int BLOCKS = 5;

    private boolean isLost;
    private int reads;
    private final KvSession session = new KvSession(LAYOUT, 1, 1000);
    private final KvLayer layer = session.layer(0);
    private final SlowTier slow = new SlowTier(LAYOUT,
            new KvMemory(MemoryBudget.unlimited(), MemoryBudget.unlimited(), () -> new MemoryFile((call, bytes) -> {
                if (call.equals("read")) {
                    reads++;
                    if (isLost) {
                        throw new IOException("The disk is gone");
                    }
                }
            })), 1, BLOCKS);
    private int lost;

    SlowTierCheckTest() {
        layer.resize(0, BLOCKS * KvLayout.BLOCK_TOKENS);
        layer.settle();
        layer.resize(BLOCKS * KvLayout.BLOCK_TOKENS, BLOCKS * KvLayout.BLOCK_TOKENS + 1);
        layer.settle();
    }

    @AfterEach
    void close() {
        slow.close();
        session.close();
    }

    private boolean check() {
        return new SlowTierCheck(LAYOUT, slow).run(new KvLayer[]{layer}, (of, block) -> lost++);
    }

    @Test
    void whatIsInRamAloneIsNotLookedAt() {
        isLost = true;
        assertThat(check()).as("nothing is in the file").isTrue();
        assertThat(reads).isZero();
    }

    @Test
    void copiesThatCanBeReadStay() {
        assertThat(slow.store(layer, 0)).isTrue();
        assertThat(check()).isTrue();
        assertThat(slow.has(layer, 0)).isTrue();
        assertThat(reads).as("a piece per head").isEqualTo(2);
    }

    /** Costs are estimated by what is loaded, and a check reads the pieces one by one. */
    @Test
    void nothingIsLoaded() {
        assertThat(slow.store(layer, 0)).isTrue();
        assertThat(check()).isTrue();
        assertThat(reads).isPositive();
        assertThat(slow.loadedBytes()).isZero();
        assertThat(slow.readNanos()).isZero();
    }

    /** Else a block would leave RAM for a place where it is not. */
    @Test
    void copiesThatCanNotAreForgotten() {
        assertThat(slow.store(layer, 0)).isTrue();
        assertThat(slow.store(layer, 3)).isTrue();
        isLost = true;
        assertThat(check()).as("anything can be read").isFalse();
        assertThat(slow.has(layer, 0)).isFalse();
        assertThat(slow.has(layer, 3)).isFalse();
        assertThat(lost).as("the blocks are in RAM").isZero();
    }

    /** A session that shares them reads them there. */
    @Test
    void copiesOfSharedBlocksStay() {
        assertThat(slow.store(layer, 0)).isTrue();
        session.freeze(KvLayout.BLOCK_TOKENS);
        isLost = true;
        assertThat(check()).isFalse();
        assertThat(slow.has(layer, 0)).isTrue();
    }
}
