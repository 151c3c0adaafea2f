package io.alisa.attention;

import java.util.Arrays;

import io.alisa.cache.KvLayout;
import io.alisa.cache.ScaleCode;
import io.alisa.cache.SketchLayout;
import io.alisa.memory.OffHeap;

/** Two-bit keys in plain loops, see {@link Int8Kernels}. */
final class ScalarSketch {
    private static final int TOKENS = KvLayout.BLOCK_TOKENS;

    private ScalarSketch() {
    }

    static void write(Int8Rows rows, int headSize, float[] mean, long sketch) {
        int lines = SketchLayout.lines(headSize);
        for (int t = 0; t < TOKENS; t++) {
            float squares = 0;
            for (int c = 0; c < headSize; c++) {
                float difference = ScalarInt8Kernels.key(rows, t, c) - mean[c];
                squares += difference * difference;
            }
            int magnitudeCode = ScaleCode.nearest((float) Math.sqrt(squares / headSize));
            float magnitude = ScaleCode.decode(magnitudeCode);
            OffHeap.setByte(sketch + (long) lines * TOKENS + t, magnitudeCode);
            for (int line = 0; line < lines; line++) {
                int codes = 0;
                for (int c = 4 * line; c < Math.min(headSize, 4 * line + 4); c++) {
                    codes |= code(ScalarInt8Kernels.key(rows, t, c) - mean[c], magnitude) << (2 * (c % 4));
                }
                OffHeap.setByte(sketch + (long) line * TOKENS + t, codes);
            }
        }
    }

    /** Code of the nearest of the levels -1.5, -0.5, 0.5 and 1.5. */
    private static int code(float difference, float magnitude) {
        if (difference < 0) {
            return difference < -magnitude ? 0 : 1;
        }
        return difference < magnitude ? 2 : 3;
    }

    static void prepare(QuerySketch query, AttentionTile tile) {
        query.rows = tile.rows;
        Arrays.fill(query.best, Float.NEGATIVE_INFINITY);
        for (int row = 0; row < tile.rows; row++) {
            int q = tile.queryOffset + row * tile.stride;
            float unit = query.unit(tile.query, q);
            float inverse = unit == 0 ? 0 : 1 / unit;
            query.unit[row] = unit;
            for (int pair = 0; pair < 2 * query.lines; pair++) {
                float first = query.channel(tile.query, q, 2 * pair);
                float second = query.channel(tile.query, q, 2 * pair + 1);
                int table = query.table(row, pair);
                for (int x = 0; x < query.tableBytes; x++) {
                    float worth = first * QuerySketch.level(x & 3) + second * QuerySketch.level((x >> 2) & 3);
                    query.tables[table + x] = (byte) Math.rint(worth * inverse);
                }
            }
        }
    }

    static void estimate(QuerySketch query, long sketch, float[] meanScore, int meanAt, int meanStride, float[] out,
            int to, int rowStride) {
        for (int row = 0; row < query.rows; row++) {
            for (int t = 0; t < TOKENS; t++) {
                int sum = 0;
                for (int line = 0; line < query.lines; line++) {
                    int codes = OffHeap.getByte(sketch + (long) line * TOKENS + t);
                    sum += query.tables[query.table(row, 2 * line) + (codes & 15)];
                    sum += query.tables[query.table(row, 2 * line + 1) + ((codes >> 4) & 15)];
                }
                float magnitude = ScaleCode.decode(OffHeap.getByte(sketch + (long) query.lines * TOKENS + t));
                float estimate = meanScore[row * meanStride + meanAt] + magnitude * (query.unit[row] * sum);
                out[row * rowStride + to + t] = estimate;
                query.best[row * QuerySketch.LANES] = Math.max(query.best[row * QuerySketch.LANES], estimate);
            }
        }
    }
}
