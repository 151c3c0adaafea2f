package io.alisa.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class GeometryTest {
    private static final int[] HEAD_SIZES = {32, 64, 80, 96, 128, 256};

    private final Geometry h200 = new Geometry(132);

    @Test
    void aLaunchIsOneWave() {
        for (int kvHeads = 1; kvHeads <= 40; kvHeads++) {
            for (int resident = 1; resident <= 4; resident++) {
                for (int blocks = 1; blocks < 5000; blocks = blocks * 3 / 2 + 1) {
                    int splits = h200.splits(kvHeads, 1, resident, blocks);
                    assertThat(splits).isBetween(1, blocks);
                    assertThat(splits == 1 || splits * kvHeads <= 132 * resident).isTrue();
                    assertThat(splits == blocks || (splits + 1) * kvHeads > 132 * resident)
                            .as("as many as fit").isTrue();
                }
            }
        }
    }

    /** The figures that are known of a card: 32 heads in 8 groups at 128K tokens. */
    @Test
    void longContextsFillTheDevice() {
        assertThat(Geometry.decodeRows(8, 4, true)).isEqualTo(8);
        assertThat(h200.splits(8, 1, 2, 2048)).isEqualTo(33);
        assertThat(h200.splits(8, 8, 2, 2048)).isEqualTo(4);
        assertThat(h200.splits(8, 1, 2, 3)).isEqualTo(3);
        assertThat(h200.splits(1000, 1, 1, 2048)).isEqualTo(1);
        assertThat(h200.splits(8, 1, 2, 0)).as("nothing to attend").isEqualTo(1);
    }

    @Test
    void queryRowsShareTheReadsOfAGroup() {
        assertThat(Geometry.decodeRows(2, 8, true)).isEqualTo(2);
        assertThat(Geometry.decodeRows(2, 9, true)).isEqualTo(4);
        assertThat(Geometry.decodeRows(2, 9, false)).isEqualTo(18);
        assertThat(Geometry.batchRows(3, 64)).isEqualTo(3);
        assertThat(Geometry.batchRows(3, 65)).isEqualTo(6);
    }

    /** What cards allow a block: the smaller of those we serve 99 KiB, heads of 256 want one of the larger. */
    @Test
    void sharedMemoryFitsEveryCard() {
        for (int headSize : HEAD_SIZES) {
            assertThat(Geometry.isTuned(headSize)).isTrue();
            assertThat(Geometry.decodeSharedBytes(headSize, 1)).isBetween(8 << 10,
                    (headSize == 256 ? 163 : 99) << 10);
            assertThat(Geometry.batchSharedBytes(headSize)).isBetween(8 << 10, 99 << 10);
        }
        assertThat(Geometry.isTuned(48)).isFalse();
    }
}
