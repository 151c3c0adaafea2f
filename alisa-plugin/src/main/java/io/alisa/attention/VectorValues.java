package io.alisa.attention;

import static io.alisa.attention.VectorMemory.load;

import io.alisa.cache.KvLayout;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Weighted sums of a block's values, in vectors of channels. Register tiles of four query rows by four vectors where
 * there are 32 registers (512 bit), by two elsewhere.
 */
final class VectorValues {
    private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
    private static final int LANES = SPECIES.length();
    private static final long VECTOR_BYTES = (long) LANES * Float.BYTES;
    private static final int TOKENS = KvLayout.BLOCK_TOKENS;
    private static final boolean MANY_REGISTERS = LANES == 16;

    private VectorValues() {
    }

    /** Adds the block's first {@code tokens} values to rows {@code row} to {@code row + 3}. */
    static void addTo4(AttentionTile tile, int row, long values, int tokens) {
        long stride = (long) tile.stride * Float.BYTES;
        int c = 0;
        if (MANY_REGISTERS) {
            for (; c + 4 * LANES <= tile.stride; c += 4 * LANES) {
                values4x4(tile.scores, row * TOKENS, tokens, values + (long) c * Float.BYTES, stride, tile.output,
                        row * tile.stride + c, tile.stride, tile.kept, row);
            }
        }
        for (; c + 2 * LANES <= tile.stride; c += 2 * LANES) {
            values4x2(tile.scores, row * TOKENS, tokens, values + (long) c * Float.BYTES, stride, tile.output,
                    row * tile.stride + c, tile.stride, tile.kept, row);
        }
        for (; c < tile.stride; c += LANES) {
            values4x1(tile.scores, row * TOKENS, tokens, values + (long) c * Float.BYTES, stride, tile.output,
                    row * tile.stride + c, tile.stride, tile.kept, row);
        }
    }

    private static void values4x4(float[] weights, int w, int tokens, long values, long valueStride,
            float[] out, int o, int stride, float[] kept, int row) {
        FloatVector a0 = FloatVector.fromArray(SPECIES, out, o).mul(FloatVector.broadcast(SPECIES, kept[row]));
        FloatVector a1 = FloatVector.fromArray(SPECIES, out, o + LANES).mul(FloatVector.broadcast(SPECIES, kept[row]));
        FloatVector a2 = FloatVector.fromArray(SPECIES, out, o + 2 * LANES)
                .mul(FloatVector.broadcast(SPECIES, kept[row]));
        FloatVector a3 = FloatVector.fromArray(SPECIES, out, o + 3 * LANES)
                .mul(FloatVector.broadcast(SPECIES, kept[row]));
        FloatVector b0 = FloatVector.fromArray(SPECIES, out, o + stride)
                .mul(FloatVector.broadcast(SPECIES, kept[row + 1]));
        FloatVector b1 = FloatVector.fromArray(SPECIES, out, o + stride + LANES)
                .mul(FloatVector.broadcast(SPECIES, kept[row + 1]));
        FloatVector b2 = FloatVector.fromArray(SPECIES, out, o + stride + 2 * LANES)
                .mul(FloatVector.broadcast(SPECIES, kept[row + 1]));
        FloatVector b3 = FloatVector.fromArray(SPECIES, out, o + stride + 3 * LANES)
                .mul(FloatVector.broadcast(SPECIES, kept[row + 1]));
        FloatVector c0 = FloatVector.fromArray(SPECIES, out, o + 2 * stride)
                .mul(FloatVector.broadcast(SPECIES, kept[row + 2]));
        FloatVector c1 = FloatVector.fromArray(SPECIES, out, o + 2 * stride + LANES)
                .mul(FloatVector.broadcast(SPECIES, kept[row + 2]));
        FloatVector c2 = FloatVector.fromArray(SPECIES, out, o + 2 * stride + 2 * LANES)
                .mul(FloatVector.broadcast(SPECIES, kept[row + 2]));
        FloatVector c3 = FloatVector.fromArray(SPECIES, out, o + 2 * stride + 3 * LANES)
                .mul(FloatVector.broadcast(SPECIES, kept[row + 2]));
        FloatVector d0 = FloatVector.fromArray(SPECIES, out, o + 3 * stride)
                .mul(FloatVector.broadcast(SPECIES, kept[row + 3]));
        FloatVector d1 = FloatVector.fromArray(SPECIES, out, o + 3 * stride + LANES)
                .mul(FloatVector.broadcast(SPECIES, kept[row + 3]));
        FloatVector d2 = FloatVector.fromArray(SPECIES, out, o + 3 * stride + 2 * LANES)
                .mul(FloatVector.broadcast(SPECIES, kept[row + 3]));
        FloatVector d3 = FloatVector.fromArray(SPECIES, out, o + 3 * stride + 3 * LANES)
                .mul(FloatVector.broadcast(SPECIES, kept[row + 3]));
        for (int t = 0; t < tokens; t++) {
            FloatVector v0 = load(values);
            FloatVector v1 = load(values + VECTOR_BYTES);
            FloatVector v2 = load(values + 2 * VECTOR_BYTES);
            FloatVector v3 = load(values + 3 * VECTOR_BYTES);
            FloatVector x = FloatVector.broadcast(SPECIES, weights[w + t]);
            a0 = x.fma(v0, a0);
            a1 = x.fma(v1, a1);
            a2 = x.fma(v2, a2);
            a3 = x.fma(v3, a3);
            x = FloatVector.broadcast(SPECIES, weights[w + TOKENS + t]);
            b0 = x.fma(v0, b0);
            b1 = x.fma(v1, b1);
            b2 = x.fma(v2, b2);
            b3 = x.fma(v3, b3);
            x = FloatVector.broadcast(SPECIES, weights[w + 2 * TOKENS + t]);
            c0 = x.fma(v0, c0);
            c1 = x.fma(v1, c1);
            c2 = x.fma(v2, c2);
            c3 = x.fma(v3, c3);
            x = FloatVector.broadcast(SPECIES, weights[w + 3 * TOKENS + t]);
            d0 = x.fma(v0, d0);
            d1 = x.fma(v1, d1);
            d2 = x.fma(v2, d2);
            d3 = x.fma(v3, d3);
            values += valueStride;
        }
        a0.intoArray(out, o);
        a1.intoArray(out, o + LANES);
        a2.intoArray(out, o + 2 * LANES);
        a3.intoArray(out, o + 3 * LANES);
        b0.intoArray(out, o + stride);
        b1.intoArray(out, o + stride + LANES);
        b2.intoArray(out, o + stride + 2 * LANES);
        b3.intoArray(out, o + stride + 3 * LANES);
        c0.intoArray(out, o + 2 * stride);
        c1.intoArray(out, o + 2 * stride + LANES);
        c2.intoArray(out, o + 2 * stride + 2 * LANES);
        c3.intoArray(out, o + 2 * stride + 3 * LANES);
        d0.intoArray(out, o + 3 * stride);
        d1.intoArray(out, o + 3 * stride + LANES);
        d2.intoArray(out, o + 3 * stride + 2 * LANES);
        d3.intoArray(out, o + 3 * stride + 3 * LANES);
    }

    private static void values4x2(float[] weights, int w, int tokens, long values, long valueStride,
            float[] out, int o, int stride, float[] kept, int row) {
        FloatVector a0 = FloatVector.fromArray(SPECIES, out, o).mul(FloatVector.broadcast(SPECIES, kept[row]));
        FloatVector a1 = FloatVector.fromArray(SPECIES, out, o + LANES).mul(FloatVector.broadcast(SPECIES, kept[row]));
        FloatVector b0 = FloatVector.fromArray(SPECIES, out, o + stride)
                .mul(FloatVector.broadcast(SPECIES, kept[row + 1]));
        FloatVector b1 = FloatVector.fromArray(SPECIES, out, o + stride + LANES)
                .mul(FloatVector.broadcast(SPECIES, kept[row + 1]));
        FloatVector c0 = FloatVector.fromArray(SPECIES, out, o + 2 * stride)
                .mul(FloatVector.broadcast(SPECIES, kept[row + 2]));
        FloatVector c1 = FloatVector.fromArray(SPECIES, out, o + 2 * stride + LANES)
                .mul(FloatVector.broadcast(SPECIES, kept[row + 2]));
        FloatVector d0 = FloatVector.fromArray(SPECIES, out, o + 3 * stride)
                .mul(FloatVector.broadcast(SPECIES, kept[row + 3]));
        FloatVector d1 = FloatVector.fromArray(SPECIES, out, o + 3 * stride + LANES)
                .mul(FloatVector.broadcast(SPECIES, kept[row + 3]));
        for (int t = 0; t < tokens; t++) {
            FloatVector v0 = load(values);
            FloatVector v1 = load(values + VECTOR_BYTES);
            FloatVector x = FloatVector.broadcast(SPECIES, weights[w + t]);
            a0 = x.fma(v0, a0);
            a1 = x.fma(v1, a1);
            x = FloatVector.broadcast(SPECIES, weights[w + TOKENS + t]);
            b0 = x.fma(v0, b0);
            b1 = x.fma(v1, b1);
            x = FloatVector.broadcast(SPECIES, weights[w + 2 * TOKENS + t]);
            c0 = x.fma(v0, c0);
            c1 = x.fma(v1, c1);
            x = FloatVector.broadcast(SPECIES, weights[w + 3 * TOKENS + t]);
            d0 = x.fma(v0, d0);
            d1 = x.fma(v1, d1);
            values += valueStride;
        }
        a0.intoArray(out, o);
        a1.intoArray(out, o + LANES);
        b0.intoArray(out, o + stride);
        b1.intoArray(out, o + stride + LANES);
        c0.intoArray(out, o + 2 * stride);
        c1.intoArray(out, o + 2 * stride + LANES);
        d0.intoArray(out, o + 3 * stride);
        d1.intoArray(out, o + 3 * stride + LANES);
    }

    private static void values4x1(float[] weights, int w, int tokens, long values, long valueStride,
            float[] out, int o, int stride, float[] kept, int row) {
        FloatVector a = FloatVector.fromArray(SPECIES, out, o).mul(FloatVector.broadcast(SPECIES, kept[row]));
        FloatVector b = FloatVector.fromArray(SPECIES, out, o + stride)
                .mul(FloatVector.broadcast(SPECIES, kept[row + 1]));
        FloatVector c = FloatVector.fromArray(SPECIES, out, o + 2 * stride)
                .mul(FloatVector.broadcast(SPECIES, kept[row + 2]));
        FloatVector d = FloatVector.fromArray(SPECIES, out, o + 3 * stride)
                .mul(FloatVector.broadcast(SPECIES, kept[row + 3]));
        for (int t = 0; t < tokens; t++) {
            FloatVector v = load(values);
            a = FloatVector.broadcast(SPECIES, weights[w + t]).fma(v, a);
            b = FloatVector.broadcast(SPECIES, weights[w + TOKENS + t]).fma(v, b);
            c = FloatVector.broadcast(SPECIES, weights[w + 2 * TOKENS + t]).fma(v, c);
            d = FloatVector.broadcast(SPECIES, weights[w + 3 * TOKENS + t]).fma(v, d);
            values += valueStride;
        }
        a.intoArray(out, o);
        b.intoArray(out, o + stride);
        c.intoArray(out, o + 2 * stride);
        d.intoArray(out, o + 3 * stride);
    }

    /** The same for one row. */
    static void addTo1(AttentionTile tile, int row, long values, int tokens) {
        long stride = (long) tile.stride * Float.BYTES;
        int c = 0;
        for (; c + 2 * LANES <= tile.stride; c += 2 * LANES) {
            values1x2(tile.scores, row * TOKENS, tokens, values + (long) c * Float.BYTES, stride, tile.output,
                    row * tile.stride + c, tile.kept[row]);
        }
        for (; c < tile.stride; c += LANES) {
            values1x1(tile.scores, row * TOKENS, tokens, values + (long) c * Float.BYTES, stride, tile.output,
                    row * tile.stride + c, tile.kept[row]);
        }
    }

    private static void values1x2(float[] weights, int w, int tokens, long values, long valueStride, float[] out, int o,
            float kept) {
        FloatVector a = FloatVector.fromArray(SPECIES, out, o).mul(FloatVector.broadcast(SPECIES, kept));
        FloatVector b = FloatVector.fromArray(SPECIES, out, o + LANES).mul(FloatVector.broadcast(SPECIES, kept));
        for (int t = 0; t < tokens; t++) {
            FloatVector x = FloatVector.broadcast(SPECIES, weights[w + t]);
            a = x.fma(load(values), a);
            b = x.fma(load(values + VECTOR_BYTES), b);
            values += valueStride;
        }
        a.intoArray(out, o);
        b.intoArray(out, o + LANES);
    }

    private static void values1x1(float[] weights, int w, int tokens, long values, long valueStride, float[] out, int o,
            float kept) {
        FloatVector a = FloatVector.fromArray(SPECIES, out, o).mul(FloatVector.broadcast(SPECIES, kept));
        for (int t = 0; t < tokens; t++) {
            a = FloatVector.broadcast(SPECIES, weights[w + t]).fma(load(values), a);
            values += valueStride;
        }
        a.intoArray(out, o);
    }
}
