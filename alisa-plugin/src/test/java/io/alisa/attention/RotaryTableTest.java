package io.alisa.attention;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class RotaryTableTest {
    private static final int HEAD_SIZE = 64;
    private static final int HALF = HEAD_SIZE / 2;
    private static final int HOST_ROWS = 300;
    /**
     * A row beyond the host's is a sum of two products of floats that were rounded once each, and is rounded
     * itself: at most some three roundings of values up to 1, of 2^-25 each, in either product.
     */
    private static final double ROUNDING = 6 * Math.pow(2, -25);

    private final RotaryTable table = new RotaryTable(pairs(), HEAD_SIZE);

    /** As the host makes its table: angles in double, kept as floats. */
    private static float[][] pairs() {
        float[][] pairs = new float[HOST_ROWS * HALF][];
        for (int row = 0; row < HOST_ROWS; row++) {
            for (int i = 0; i < HALF; i++) {
                pairs[row * HALF + i] = new float[]{(float) Math.cos(angle(row, i)),
                        (float) Math.sin(angle(row, i))};
            }
        }
        return pairs;
    }

    private static double angle(int row, int i) {
        return row * Math.pow(10_000, -2.0 * i / HEAD_SIZE);
    }

    @Test
    void rowsOfTheHostAreTheHosts() {
        float[][] pairs = pairs();
        table.prepare(17, 40);
        for (int row = 17; row < 57; row++) {
            for (int i = 0; i < HALF; i++) {
                assertThat(table.cos()[table.offset(row) + i]).isEqualTo(pairs[row * HALF + i][0]);
                assertThat(table.sin()[table.offset(row) + i]).isEqualTo(pairs[row * HALF + i][1]);
            }
        }
    }

    @Test
    void rowsBehindTheHostsContinueTheAngles() {
        table.prepare(HOST_ROWS - 3, 40);
        for (int row = HOST_ROWS - 3; row < HOST_ROWS + 37; row++) {
            for (int i = 0; i < HALF; i++) {
                assertThat((double) table.cos()[table.offset(row) + i]).as("cosine %s of row %s", i, row)
                        .isCloseTo(Math.cos(angle(row, i)), within(ROUNDING));
                assertThat((double) table.sin()[table.offset(row) + i]).as("sine %s of row %s", i, row)
                        .isCloseTo(Math.sin(angle(row, i)), within(ROUNDING));
            }
        }
    }

    @Test
    void aShorterRunOfTheSameStartIsThereAlready() {
        table.prepare(5, 30);
        float[] before = table.cos();
        table.prepare(5, 3);
        assertThat(table.cos()).isSameAs(before);
        assertThat((double) table.cos()[table.offset(34)]).isCloseTo(Math.cos(34), within(ROUNDING));
    }

    @Test
    void movesOn() {
        table.prepare(5, 30);
        table.prepare(6, 31);
        assertThat((double) table.sin()[table.offset(36)]).isCloseTo(Math.sin(36), within(ROUNDING));
    }
}
