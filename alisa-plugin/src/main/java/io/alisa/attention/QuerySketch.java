package io.alisa.attention;

import io.alisa.cache.SketchLayout;

/**
 * What {@link Int8Kernels#estimate} needs of some query rows: for every pair of channels a table of what their sixteen
 * possible codes add to a score, in bytes. Owned by one thread at a time while it is filled.
 */
public final class QuerySketch {
    /** Codes of two channels of two bits. */
    static final int ENTRIES = 16;
    /** The largest entry: four of them fit into a signed byte. */
    static final int LARGEST = 31;
    /** Bytes of a table: its entries again and again, so that it fills the largest vector. */
    static final int TABLE = 64;

    /** {@code [rows][2 * lines][TABLE]}. */
    final byte[] tables;
    /** Score of one unit of a table, per row. */
    final float[] unit;
    final int lines;
    final int headSize;
    int rows;

    public QuerySketch(int headSize, int maxRows) {
        this.headSize = headSize;
        lines = SketchLayout.lines(headSize);
        tables = new byte[maxRows * 2 * lines * TABLE];
        unit = new float[maxRows];
    }

    /** What a code of two bits stands for, in magnitudes of its token. */
    static float level(int code) {
        return code - 1.5f;
    }

    /** Index in {@link #tables} of what a row makes of channels {@code 2 * pair} and {@code 2 * pair + 1}. */
    int table(int row, int pair) {
        return (row * 2 * lines + pair) * TABLE;
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
