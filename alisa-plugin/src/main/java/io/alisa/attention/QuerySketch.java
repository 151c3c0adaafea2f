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

    /** {@code [rows][2 * lines][16]}. */
    final byte[] tables;
    /** Score of one unit of a table, per row. */
    final float[] unit;
    final int lines;
    final int headSize;
    int rows;

    public QuerySketch(int headSize, int maxRows) {
        this.headSize = headSize;
        lines = SketchLayout.lines(headSize);
        tables = new byte[maxRows * 2 * lines * ENTRIES];
        unit = new float[maxRows];
    }
}
