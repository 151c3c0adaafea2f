package io.alisa.sparse;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

import io.alisa.cache.Growth;

/**
 * The last rows of a layer's attention weights, each summed over the layer's heads: a ring of rows as long as the
 * context, so memory grows linearly with it.
 *
 * <p>Not thread-safe. Allocates only when the context grew much.
 */
final class WeightRows {
    private static final int NONE = -1;

    /** Position of the row in each place of the ring. */
    private final int[] positions;
    /** Per place of the ring, per position. */
    private final float[][] rows;
    private int room;

    /** Keeps the last {@code count} rows. */
    WeightRows(int count) {
        positions = new int[count];
        Arrays.fill(positions, NONE);
        rows = new float[count][0];
    }

    long heapBytes() {
        long values = 0;
        for (float[] row : rows) {
            values += row.length;
        }
        return values * Float.BYTES;
    }

    /** Begins the row at {@code position}, with no weight yet. Rows at that position and behind are dropped. */
    void begin(int position) {
        forgetFrom(position);
        reserve(position + 1);
        int place = position % rows.length;
        positions[place] = position;
        Arrays.fill(rows[place], 0, position + 1, 0f);
    }

    /** Adds weights to a row that was begun; see {@link TokenSelector#observe}. */
    void add(int position, int[] attended, int count, float[] weights) {
        float[] row = rows[position % rows.length];
        for (int i = 0; i < count; i++) {
            row[attended[i]] += weights[i];
        }
    }

    /** Drops the rows at {@code position} and behind: they are about to be written again. */
    void forgetFrom(int position) {
        for (int place = 0; place < positions.length; place++) {
            if (positions[place] >= position) {
                positions[place] = NONE;
            }
        }
    }

    /**
     * Sums up the rows at the positions {@code from} to {@code end - 1} as far as they are here, oldest first.
     *
     * @param sums the first {@code tokens} are filled
     */
    void sum(int from, int end, int tokens, float[] sums) {
        Arrays.fill(sums, 0, tokens, 0f);
        for (int position = Math.max(0, from); position < end; position++) {
            int place = position % rows.length;
            if (positions[place] == position) {
                float[] row = rows[place];
                int attendable = Math.min(tokens, position + 1);
                for (int i = 0; i < attendable; i++) {
                    sums[i] += row[i];
                }
            }
        }
    }

    /** The rows, oldest first, each as long as its position says: one more than that. */
    List<float[]> copies() {
        List<float[]> copies = new ArrayList<>();
        for (int place = 0; place < positions.length; place++) {
            if (positions[place] != NONE) {
                copies.add(Arrays.copyOf(rows[place], positions[place] + 1));
            }
        }
        copies.sort(Comparator.comparingInt(row -> row.length));
        return copies;
    }

    /**
     * Takes the place of all rows.
     *
     * @throws IllegalArgumentException with the end of a sentence where they are not rows of so many tokens
     */
    void restore(List<float[]> saved, int tokens) {
        int before = 0;
        for (float[] row : saved) {
            check(row);
            if (row.length <= before || row.length > tokens || saved.size() > positions.length) {
                throw new IllegalArgumentException("its policy's rows are not those of its tokens");
            }
            before = row.length;
        }
        for (float[] row : saved) {
            begin(row.length - 1);
            System.arraycopy(row, 0, rows[(row.length - 1) % rows.length], 0, row.length);
        }
    }

    /** Throws {@link IllegalArgumentException} where an element can't be a sum of weights, nor say that there is none. */
    static void check(float... row) {
        for (float weight : row) {
            if (!(weight >= 0 && weight < Float.POSITIVE_INFINITY) && weight != Float.NEGATIVE_INFINITY) {
                throw new IllegalArgumentException("its policy's rows hold what is no weight");
            }
        }
    }

    private void reserve(int tokens) {
        if (room < tokens) {
            room = Growth.of(room, tokens);
            for (int place = 0; place < rows.length; place++) {
                rows[place] = Arrays.copyOf(rows[place], room);
            }
        }
    }
}
