package io.alisa.attention;

import static java.nio.ByteOrder.nativeOrder;

import io.alisa.cache.KvLayout;
import io.alisa.cache.OffHeap;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * The kernels in the Vector API.
 *
 * <p>Register tiles of four query rows by two vectors: eight independent sums keep both multipliers busy, and
 * sixteen registers suffice, so that 256-bit machines run the same code. The rows of a group share every load of a
 * key or value. No vector crosses a call that the compiler might not inline: it would be allocated on the heap.
 */
public final class VectorKernels implements AttentionKernels {
    private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
    private static final int LANES = SPECIES.length();
    private static final long VECTOR_BYTES = (long) LANES * Float.BYTES;
    private static final int TOKENS = KvLayout.BLOCK_TOKENS;
    private static final long KEY_STRIDE = (long) TOKENS * Float.BYTES;

    /** Throws where the machine's vectors do not fit the layout: fewer than 4 or more than 16 floats. */
    public VectorKernels() {
        if (LANES < 4 || LANES > 16) {
            throw new UnsupportedOperationException("vectors of " + LANES + " floats are not supported");
        }
    }

    @Override
    public String name() {
        return "vector (" + SPECIES.vectorBitSize() + " bit)";
    }

    @Override
    public void rotate(float[] x, int offset, int headSize, float[] cos, float[] sin, int row) {
        int half = headSize / 2;
        int i = 0;
        for (; i <= half - LANES; i += LANES) {
            FloatVector a = FloatVector.fromArray(SPECIES, x, offset + i);
            FloatVector b = FloatVector.fromArray(SPECIES, x, offset + half + i);
            FloatVector c = FloatVector.fromArray(SPECIES, cos, row + i);
            FloatVector s = FloatVector.fromArray(SPECIES, sin, row + i);
            // No fused multiply: the host rounds each product.
            a.mul(c).sub(b.mul(s)).intoArray(x, offset + i);
            a.mul(s).add(b.mul(c)).intoArray(x, offset + half + i);
        }
        for (; i < half; i++) {
            float a = x[offset + i];
            float b = x[offset + half + i];
            x[offset + i] = a * cos[row + i] - b * sin[row + i];
            x[offset + half + i] = a * sin[row + i] + b * cos[row + i];
        }
    }

    @Override
    public void attend(AttentionTile tile, long keys, long values, int tokens) {
        score(tile, keys);
        int row = 0;
        for (; row + 4 <= tile.rows; row += 4) {
            float kept0 = VectorSoftmax.fold(tile, row);
            float kept1 = VectorSoftmax.fold(tile, row + 1);
            float kept2 = VectorSoftmax.fold(tile, row + 2);
            float kept3 = VectorSoftmax.fold(tile, row + 3);
            addValues4(tile, row, values, tokens, kept0, kept1, kept2, kept3);
        }
        for (; row < tile.rows; row++) {
            addValues1(tile, row, values, tokens, VectorSoftmax.fold(tile, row));
        }
    }

    private static void score(AttentionTile tile, long keys) {
        for (int t = 0; t < TOKENS; t += 2 * LANES) {
            long from = keys + (long) t * Float.BYTES;
            int row = 0;
            for (; row + 4 <= tile.rows; row += 4) {
                score4(tile.query, tile.queryOffset + row * tile.stride, tile.stride, tile.headSize, from,
                        tile.scores, row * TOKENS + t);
            }
            for (; row < tile.rows; row++) {
                score1(tile.query, tile.queryOffset + row * tile.stride, tile.headSize, from, tile.scores,
                        row * TOKENS + t);
            }
        }
    }

    private static void score4(float[] query, int q, int stride, int headSize, long keys, float[] scores,
            int s) {
        FloatVector a0 = FloatVector.zero(SPECIES);
        FloatVector a1 = a0;
        FloatVector b0 = a0;
        FloatVector b1 = a0;
        FloatVector c0 = a0;
        FloatVector c1 = a0;
        FloatVector d0 = a0;
        FloatVector d1 = a0;
        for (int i = 0; i < headSize; i++) {
            FloatVector k0 = load(keys);
            FloatVector k1 = load(keys + VECTOR_BYTES);
            FloatVector x = FloatVector.broadcast(SPECIES, query[q + i]);
            a0 = x.fma(k0, a0);
            a1 = x.fma(k1, a1);
            x = FloatVector.broadcast(SPECIES, query[q + stride + i]);
            b0 = x.fma(k0, b0);
            b1 = x.fma(k1, b1);
            x = FloatVector.broadcast(SPECIES, query[q + 2 * stride + i]);
            c0 = x.fma(k0, c0);
            c1 = x.fma(k1, c1);
            x = FloatVector.broadcast(SPECIES, query[q + 3 * stride + i]);
            d0 = x.fma(k0, d0);
            d1 = x.fma(k1, d1);
            keys += KEY_STRIDE;
        }
        a0.intoArray(scores, s);
        a1.intoArray(scores, s + LANES);
        b0.intoArray(scores, s + TOKENS);
        b1.intoArray(scores, s + TOKENS + LANES);
        c0.intoArray(scores, s + 2 * TOKENS);
        c1.intoArray(scores, s + 2 * TOKENS + LANES);
        d0.intoArray(scores, s + 3 * TOKENS);
        d1.intoArray(scores, s + 3 * TOKENS + LANES);
    }

    private static void score1(float[] query, int q, int headSize, long keys, float[] scores, int s) {
        FloatVector a0 = FloatVector.zero(SPECIES);
        FloatVector a1 = a0;
        for (int i = 0; i < headSize; i++) {
            FloatVector x = FloatVector.broadcast(SPECIES, query[q + i]);
            a0 = x.fma(load(keys), a0);
            a1 = x.fma(load(keys + VECTOR_BYTES), a1);
            keys += KEY_STRIDE;
        }
        a0.intoArray(scores, s);
        a1.intoArray(scores, s + LANES);
    }

    private static void addValues4(AttentionTile tile, int row, long values, int tokens, float kept0,
            float kept1,
            float kept2, float kept3) {
        long stride = (long) tile.stride * Float.BYTES;
        int c = 0;
        for (; c + 2 * LANES <= tile.stride; c += 2 * LANES) {
            values4x2(tile.scores, row * TOKENS, tokens, values + (long) c * Float.BYTES, stride, tile.output,
                    row * tile.stride + c, tile.stride, kept0, kept1, kept2, kept3);
        }
        for (; c < tile.stride; c += LANES) {
            values4x1(tile.scores, row * TOKENS, tokens, values + (long) c * Float.BYTES, stride, tile.output,
                    row * tile.stride + c, tile.stride, kept0, kept1, kept2, kept3);
        }
    }

    private static void values4x2(float[] weights, int w, int tokens, long values, long valueStride,
            float[] out,
            int o, int stride, float kept0, float kept1, float kept2, float kept3) {
        FloatVector a0 = FloatVector.fromArray(SPECIES, out, o).mul(kept0);
        FloatVector a1 = FloatVector.fromArray(SPECIES, out, o + LANES).mul(kept0);
        FloatVector b0 = FloatVector.fromArray(SPECIES, out, o + stride).mul(kept1);
        FloatVector b1 = FloatVector.fromArray(SPECIES, out, o + stride + LANES).mul(kept1);
        FloatVector c0 = FloatVector.fromArray(SPECIES, out, o + 2 * stride).mul(kept2);
        FloatVector c1 = FloatVector.fromArray(SPECIES, out, o + 2 * stride + LANES).mul(kept2);
        FloatVector d0 = FloatVector.fromArray(SPECIES, out, o + 3 * stride).mul(kept3);
        FloatVector d1 = FloatVector.fromArray(SPECIES, out, o + 3 * stride + LANES).mul(kept3);
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
            float[] out,
            int o, int stride, float kept0, float kept1, float kept2, float kept3) {
        FloatVector a = FloatVector.fromArray(SPECIES, out, o).mul(kept0);
        FloatVector b = FloatVector.fromArray(SPECIES, out, o + stride).mul(kept1);
        FloatVector c = FloatVector.fromArray(SPECIES, out, o + 2 * stride).mul(kept2);
        FloatVector d = FloatVector.fromArray(SPECIES, out, o + 3 * stride).mul(kept3);
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

    private static void addValues1(AttentionTile tile, int row, long values, int tokens, float kept) {
        long stride = (long) tile.stride * Float.BYTES;
        for (int c = 0; c < tile.stride; c += LANES) {
            values1x1(tile.scores, row * TOKENS, tokens, values + (long) c * Float.BYTES, stride, tile.output,
                    row * tile.stride + c, kept);
        }
    }

    private static void values1x1(float[] weights, int w, int tokens, long values, long valueStride,
            float[] out,
            int o, float kept) {
        FloatVector even = FloatVector.fromArray(SPECIES, out, o).mul(kept);
        FloatVector odd = FloatVector.zero(SPECIES);
        int t = 0;
        for (; t + 2 <= tokens; t += 2) {
            even = FloatVector.broadcast(SPECIES, weights[w + t]).fma(load(values), even);
            odd = FloatVector.broadcast(SPECIES, weights[w + t + 1]).fma(load(values + valueStride), odd);
            values += 2 * valueStride;
        }
        if (t < tokens) {
            even = FloatVector.broadcast(SPECIES, weights[w + t]).fma(load(values), even);
        }
        even.add(odd).intoArray(out, o);
    }

    @Override
    public void preload(AttentionTile tile, long address, long bytes) {
        FloatVector even = FloatVector.zero(SPECIES);
        FloatVector odd = even;
        long end = address + bytes;
        for (; address < end; address += 256) {
            even = even.add(load(address));
            odd = odd.add(load(address + 64));
            even = even.add(load(address + 128));
            odd = odd.add(load(address + 192));
        }
        even.intoArray(tile.preloaded, 0);
        odd.intoArray(tile.preloaded, LANES);
    }

    private static FloatVector load(long address) {
        return FloatVector.fromMemorySegment(SPECIES, OffHeap.ALL, address, nativeOrder());
    }
}
