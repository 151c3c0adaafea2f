package io.alisa.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.BitSet;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class KvLayoutTest {
    /** Every float of every head, key and value: inside the block, and no two at one place. */
    @ParameterizedTest
    @CsvSource({"1,8", "2,16", "3,20", "8,64", "1,100", "5,256", "4,1", "2,17"})
    void nothingOverlapsInAnF32Block(int kvHeads, int headSize) {
        KvLayout layout = new KvLayout(KvFormat.F32, kvHeads, headSize);
        BitSet taken = new BitSet();
        for (int head = 0; head < kvHeads; head++) {
            long keys = layout.headAddress(0, head);
            long values = keys + layout.keyBytes();
            for (int token = 0; token < KvLayout.BLOCK_TOKENS; token++) {
                for (int channel = 0; channel < headSize; channel++) {
                    take(taken, keys + ((long) channel * KvLayout.BLOCK_TOKENS + token) * Float.BYTES,
                            layout);
                }
                for (int channel = 0; channel < layout.paddedHeadSize(); channel++) {
                    take(taken, values + ((long) token * layout.paddedHeadSize() + channel) * Float.BYTES,
                            layout);
                }
            }
        }
        assertThat(taken.cardinality() * (long) Float.BYTES).as("every byte is somebody's")
                .isEqualTo(layout.blockBytes());
    }

    private static void take(BitSet taken, long address, KvLayout layout) {
        assertThat(address).isBetween(0L, layout.blockBytes() - Float.BYTES);
        assertThat(address % Float.BYTES).isZero();
        int index = (int) (address / Float.BYTES);
        assertThat(taken.get(index)).as("address %s is free", address).isFalse();
        taken.set(index);
    }

    @ParameterizedTest
    @CsvSource({"1,8", "3,20", "8,64"})
    void headsAndValueRowsStartOnCacheLines(int kvHeads, int headSize) {
        KvLayout layout = new KvLayout(KvFormat.F32, kvHeads, headSize);
        assertThat(layout.headBytes() % 64).isZero();
        assertThat(layout.keyBytes() % 64).isZero();
        assertThat(layout.paddedHeadSize() * Float.BYTES % 64).isZero();
        assertThat(layout.paddedHeadSize()).isBetween(headSize, headSize + 15);
    }

    @Test
    void bf16BlocksAreRowsOfKeysThenRowsOfValues() {
        KvLayout layout = new KvLayout(KvFormat.BF16, 3, 20);
        assertThat(layout.rowBytes()).isEqualTo(3 * 20 * 2);
        assertThat(layout.keyBytes()).isEqualTo(64 * layout.rowBytes());
        assertThat(layout.blockBytes()).isEqualTo(2 * layout.keyBytes());
    }

    @Test
    void refusesWhatIsNoShape() {
        assertThatThrownBy(() -> new KvLayout(KvFormat.F32, 0, 8)).hasMessageContaining("Not a shape");
        assertThatThrownBy(() -> new KvLayout(KvFormat.F32, 1, 0)).hasMessageContaining("Not a shape");
    }
}
