package io.alisa.cache;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** The table is as long as the conversation, and a new block has no past. */
class BlockTableTest {
    @Test
    void aShortConversationTakesLittle() {
        BlockTable table = new BlockTable(100_000, true);
        assertThat(table.capacity()).isZero();
        assertThat(table.address(99_999)).isZero();
        for (int block = 0; block < 1000; block++) {
            table.add(block + 1);
            assertThat(table.capacity()).isLessThanOrEqualTo(block + 32 + block / 4);
        }
        for (int block = 0; block < 1000; block++) {
            assertThat(table.address(block)).isEqualTo(block + 1);
        }
        assertThat(table.maxBlocks()).isEqualTo(100_000);
    }

    @Test
    void anotherBlockInThePlaceOfOneIsNotUsedYet() {
        BlockTable table = new BlockTable(10, true);
        table.add(8);
        table.noteUse(0, 1);
        assertThat(table.use(0)).isPositive();
        table.removeLast();
        table.add(8);
        assertThat(table.use(0)).isZero();
        table.noteUse(0, 1);
        table.clear();
        table.add(8);
        assertThat(table.use(0)).isZero();
    }
}
