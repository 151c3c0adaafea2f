package io.alisa.attention;

import java.util.Arrays;

import io.alisa.cache.KvLayout;
import io.alisa.cache.ScaleCode;
import io.alisa.memory.OffHeap;

/** The reference for {@link Int8Kernels}: plain loops, one per line of the formula. */
final class ScalarInt8Kernels implements Int8Kernels {
    private static final int TOKENS = KvLayout.BLOCK_TOKENS;

    @Override
    public int quantise(float[] x, int offset, int channels, long to) {
        float largest = 0f;
        for (int c = 0; c < channels; c++) {
            float magnitude = Math.abs(x[offset + c]);
            if (magnitude > largest) { // not where it is not a number
                largest = magnitude;
            }
        }
        int code = Int8Scale.code(largest);
        float scale = ScaleCode.decode(code);
        for (int c = 0; c < channels; c++) {
            OffHeap.setByte(to + c, Int8Scale.round(x[offset + c], scale));
        }
        for (int c = channels; c < KvLayout.int8RowBytes(channels); c++) {
            OffHeap.setByte(to + c, 0);
        }
        return code;
    }

    @Override
    public void attend(AttentionTile tile, Int8Rows rows) {
        score(tile, rows);
        for (int row = 0; row < tile.rows; row++) {
            float kept = ScalarKernels.softmax(tile, row, rows.count());
            for (int c = 0; c < tile.headSize; c++) {
                float out = tile.output[row * tile.stride + c] * kept;
                for (int i = 0; i < rows.count(); i++) {
                    out += tile.scores[row * TOKENS + i] * value(rows, i, c);
                }
                tile.output[row * tile.stride + c] = out;
            }
        }
    }

    @Override
    public void addWeighted(AttentionTile tile, Int8Rows rows) {
        rows.decodeScales();
        for (int row = 0; row < tile.rows; row++) {
            for (int i = 0; i < rows.count(); i++) {
                float weight = tile.scores[row * TOKENS + i];
                tile.sums[row * AttentionTile.SUMS] += weight;
                for (int c = 0; c < tile.headSize; c++) {
                    tile.output[row * tile.stride + c] += weight * value(rows, i, c);
                }
            }
        }
    }

    @Override
    public void score(AttentionTile tile, Int8Rows rows) {
        rows.decodeScales();
        for (int row = 0; row < tile.rows; row++) {
            int q = tile.queryOffset + row * tile.stride;
            for (int i = 0; i < rows.count(); i++) {
                float dot = 0;
                for (int c = 0; c < tile.headSize; c++) {
                    dot += tile.query[q + c] * OffHeap.getByte(rows.address[i] + c);
                }
                tile.scores[row * TOKENS + i] = ScalarKernels.cap(dot * rows.keyScale[i], tile.softCap);
            }
            Arrays.fill(tile.scores, row * TOKENS + rows.count(), (row + 1) * TOKENS, Float.NEGATIVE_INFINITY);
        }
    }

    @Override
    public void dequantise(Int8Rows rows, int headSize, long keys, long values) {
        rows.decodeScales();
        int stride = KvLayout.padded(headSize);
        for (int i = 0; i < rows.count(); i++) {
            for (int c = 0; c < headSize; c++) {
                OffHeap.setFloat(keys + (long) (c * TOKENS + i) * Float.BYTES, key(rows, i, c));
                OffHeap.setFloat(values + (long) (i * stride + c) * Float.BYTES, value(rows, i, c));
            }
            for (int c = headSize; c < stride; c++) {
                OffHeap.setFloat(values + (long) (i * stride + c) * Float.BYTES, 0f);
            }
        }
    }

    @Override
    public void mean(Int8Rows rows, int headSize, float[] key, float[] value) {
        rows.decodeScales();
        for (int c = 0; c < headSize; c++) {
            float keys = 0;
            float values = 0;
            for (int i = 0; i < rows.count(); i++) {
                keys += key(rows, i, c);
                values += value(rows, i, c);
            }
            key[c] = keys / rows.count();
            value[c] = values / rows.count();
        }
    }

    @Override
    public void sketch(Int8Rows rows, int headSize, float[] mean, long sketch) {
        rows.decodeScales();
        ScalarSketch.write(rows, headSize, mean, sketch);
    }

    @Override
    public QuerySketch querySketch(int headSize, int maxRows) {
        return new QuerySketch(headSize, maxRows, QuerySketch.ENTRIES);
    }

    @Override
    public void prepare(QuerySketch query, AttentionTile tile) {
        ScalarSketch.prepare(query, tile);
    }

    @Override
    public void estimate(QuerySketch query, long sketch, float[] meanScore, int meanAt, int meanStride, float[] out,
            int to, int rowStride) {
        ScalarSketch.estimate(query, sketch, meanScore, meanAt, meanStride, out, to, rowStride);
    }

    static float key(Int8Rows rows, int row, int channel) {
        return rows.keyScale[row] * OffHeap.getByte(rows.address[row] + channel);
    }

    private static float value(Int8Rows rows, int row, int channel) {
        return rows.valueScale[row] * OffHeap.getByte(rows.address[row] + rows.rowBytes + channel);
    }
}
