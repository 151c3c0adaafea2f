package io.alisa.attention;

import io.alisa.cache.KvLayout;
import io.alisa.cache.SketchLayout;

/**
 * What {@link Int8Kernels#estimate} needs of some query rows: for every pair of channels a table of what their sixteen
 * possible codes add to a score, in bytes. Owned by one thread at a time, and by the kernels that made it.
 */
public final class QuerySketch {
    /** Codes of two channels of two bits. */
    static final int ENTRIES = 16;
    /** The largest entry: four of them fit into a signed byte. */
    static final int LARGEST = 31;
    /** Tables of the four channels that a line of a sketch holds. */
    static final int TABLES = 2;

    /** As many as the widest vectors have floats. */
    static final int LANES = 16;

    /** {@code [lines][rows][TABLES][tableBytes]}. */
    final byte[] tables;
    /** Of a table: its entries again and again, so that it fills a vector. */
    final int tableBytes;
    /** From the tables of a line to those of the next. */
    final int step;
    /** Score of one unit of a table, per row. */
    final float[] unit;
    /** {@code [rows][64]} sums of what a block's tokens look up, in units. */
    final short[] sums;
    /** {@code [rows][LANES]}: the best estimates of each row since it was prepared; the row's best is one of them. */
    final float[] best;
    final int lines;
    final int headSize;
    int rows;

    QuerySketch(int headSize, int maxRows, int tableBytes) {
        this.headSize = headSize;
        this.tableBytes = tableBytes;
        lines = SketchLayout.lines(headSize);
        step = maxRows * TABLES * tableBytes;
        tables = new byte[lines * step];
        unit = new float[maxRows];
        sums = new short[maxRows * KvLayout.BLOCK_TOKENS];
        best = new float[maxRows * LANES];
    }

    /** The best of a row's estimates since it was prepared, negative infinity where there are none. */
    public float best(int row) {
        float most = Float.NEGATIVE_INFINITY;
        for (int i = row * LANES; i < (row + 1) * LANES; i++) {
            most = Math.max(most, best[i]);
        }
        return most;
    }

    /** What a code of two bits stands for, in magnitudes of its token. */
    static float level(int code) {
        return code - 1.5f;
    }

    /** Index in {@link #tables} of what a row makes of channels {@code 2 * pair} and {@code 2 * pair + 1}. */
    int table(int row, int pair) {
        return pair / TABLES * step + (row * TABLES + pair % TABLES) * tableBytes;
    }

    /**
     * Score of one unit of a row's tables, so that their largest entry is {@link #LARGEST}; 0 where all entries are
     * (almost) nothing.
     *
     * @param query the row, from {@code q} on
     */
    float unit(float[] query, int q) {
        float largest = 0f;
        for (int c = 0; c < headSize; c += 2) {
            largest = Math.max(largest, Math.abs(query[q + c]) + Math.abs(channel(query, q, c + 1)));
        }
        float worth = largest * level(3) / LARGEST;
        return worth < Float.MIN_NORMAL * ENTRIES ? 0f : worth;
    }

    /** A channel of the row at {@code q}; those behind the head have no weight, whatever is in the padding. */
    float channel(float[] query, int q, int channel) {
        return channel < headSize ? query[q + channel] : 0f;
    }
}
