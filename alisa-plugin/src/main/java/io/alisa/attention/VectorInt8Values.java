package io.alisa.attention;

import static io.alisa.attention.VectorMemory.loadBytesAsFloats;
import static io.alisa.attention.VectorInt8Quads.top;

import io.alisa.cache.KvLayout;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * Weighted sums of INT8 values, in vectors of channels, by the register tiles of {@link VectorValues}.
 *
 * <p>The last vector of a row may reach into what follows it in its block, at the least the block's scales: whole
 * numbers, that end in channels of padding.
 */
final class VectorInt8Values {
    private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
    private static final int LANES = SPECIES.length();
    private static final int TOKENS = KvLayout.BLOCK_TOKENS;
    private static final boolean MANY_REGISTERS = LANES == 16;

    /** Lanes of two vectors by turns: of their first halves, of their second halves. */
    private static final IntVector LOW = turns(0);
    private static final IntVector HIGH = turns(LANES / 2);

    private VectorInt8Values() {
    }

    private static IntVector turns(int from) {
        int[] lanes = new int[LANES];
        for (int i = 0; i < LANES; i++) {
            lanes[i] = from + i / 2 + i % 2 * LANES;
        }
        return IntVector.fromArray(IntVector.SPECIES_PREFERRED, lanes, 0);
    }

    /** Turns scores into weights of whole numbers. */
    static void weigh(AttentionTile tile, Int8Rows rows) {
        for (int row = 0; row < tile.rows; row++) {
            tile.kept[row] = VectorSoftmax.raise(tile, row, TOKENS);
        }
        for (int row = 0; row < tile.rows; row++) {
            VectorSoftmax.weighAndScale(tile, row, tile.kept[row], rows.valueScale);
        }
    }

    /** Takes scores for weights, relative to the maxima as they stand. */
    static void takeWeights(AttentionTile tile, Int8Rows rows) {
        for (int row = 0; row < tile.rows; row++) {
            tile.kept[row] = 1f;
            addUp(tile.scores, row * TOKENS, rows.valueScale, tile.sums, row * AttentionTile.SUMS);
        }
    }

    private static void addUp(float[] weights, int w, float[] scale, float[] sums, int s) {
        FloatVector sum = FloatVector.fromArray(SPECIES, sums, s);
        for (int t = 0; t < TOKENS; t += LANES) {
            FloatVector weight = FloatVector.fromArray(SPECIES, weights, w + t);
            sum = sum.add(weight);
            weight.mul(FloatVector.fromArray(SPECIES, scale, t)).intoArray(weights, w + t);
        }
        sum.intoArray(sums, s);
    }

    /** Adds the values to as many rows as make groups of four. */
    static void addByFour(AttentionTile tile, Int8Rows rows) {
        for (int row = 0; row + 4 <= tile.rows; row += 4) {
            addTo4(tile, row, rows);
        }
    }

    /** Adds the values to the rows that are left. */
    static void addRest(AttentionTile tile, Int8Rows rows) {
        for (int row = tile.rows & ~3; row < tile.rows; row++) {
            addTo1(tile, row, rows);
        }
    }

    private static void addTo4(AttentionTile tile, int row, Int8Rows rows) {
        int c = 0;
        if (MANY_REGISTERS) {
            for (; c + 4 * LANES <= tile.stride; c += 4 * LANES) {
                sum4x4(tile.scores, row * TOKENS, rows.count(), rows.address, rows.rowBytes + c, rows.sums);
                for (int r = 0; r < 4; r++) {
                    merge(rows.sums, r * 4 * LANES, tile.output, (row + r) * tile.stride + c, tile.kept[row + r]);
                }
            }
        }
        for (; c + 2 * LANES <= tile.stride; c += 2 * LANES) {
            values4x2(tile.scores, row * TOKENS, rows.count(), rows.address, rows.rowBytes + c, tile.output,
                    row * tile.stride + c, tile.stride, tile.kept, row);
        }
        for (; c < tile.stride; c += LANES) {
            values4x1(tile.scores, row * TOKENS, rows.count(), rows.address, rows.rowBytes + c, tile.output,
                    row * tile.stride + c, tile.stride, tile.kept, row);
        }
    }

    /**
     * Sums of 64 channels: lane i of {@code sums[row][j]} is channel {@code 4 * i + j}, times 2^24. Taking channels apart
     * that lie in one int is cheaper than widening bytes.
     */
    private static void sum4x4(float[] weights, int w, int tokens, long[] address, long at, float[] sums) {
        FloatVector a0 = FloatVector.zero(SPECIES);
        FloatVector a1 = a0;
        FloatVector a2 = a0;
        FloatVector a3 = a0;
        FloatVector b0 = a0;
        FloatVector b1 = a0;
        FloatVector b2 = a0;
        FloatVector b3 = a0;
        FloatVector c0 = a0;
        FloatVector c1 = a0;
        FloatVector c2 = a0;
        FloatVector c3 = a0;
        FloatVector d0 = a0;
        FloatVector d1 = a0;
        FloatVector d2 = a0;
        FloatVector d3 = a0;
        for (int t = 0; t < tokens; t++) {
            IntVector quads = VectorMemory.loadInts(address[t] + at);
            FloatVector v0 = top(quads.lanewise(VectorOperators.LSHL, 24));
            FloatVector v1 = top(quads.lanewise(VectorOperators.LSHL, 16));
            FloatVector v2 = top(quads.lanewise(VectorOperators.LSHL, 8));
            FloatVector v3 = top(quads);
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
        }
        a0.intoArray(sums, 0);
        a1.intoArray(sums, LANES);
        a2.intoArray(sums, 2 * LANES);
        a3.intoArray(sums, 3 * LANES);
        b0.intoArray(sums, 4 * LANES);
        b1.intoArray(sums, 5 * LANES);
        b2.intoArray(sums, 6 * LANES);
        b3.intoArray(sums, 7 * LANES);
        c0.intoArray(sums, 8 * LANES);
        c1.intoArray(sums, 9 * LANES);
        c2.intoArray(sums, 10 * LANES);
        c3.intoArray(sums, 11 * LANES);
        d0.intoArray(sums, 12 * LANES);
        d1.intoArray(sums, 13 * LANES);
        d2.intoArray(sums, 14 * LANES);
        d3.intoArray(sums, 15 * LANES);
    }

    /** Brings a row's sums of 64 channels into order and adds them to its output. */
    private static void merge(float[] sums, int s, float[] out, int o, float kept) {
        IntVector a = FloatVector.fromArray(SPECIES, sums, s).reinterpretAsInts();
        IntVector b = FloatVector.fromArray(SPECIES, sums, s + LANES).reinterpretAsInts();
        IntVector c = FloatVector.fromArray(SPECIES, sums, s + 2 * LANES).reinterpretAsInts();
        IntVector d = FloatVector.fromArray(SPECIES, sums, s + 3 * LANES).reinterpretAsInts();
        IntVector even = LOW.selectFrom(a, c);
        IntVector odd = LOW.selectFrom(b, d);
        add(LOW.selectFrom(even, odd), out, o, kept);
        add(HIGH.selectFrom(even, odd), out, o + LANES, kept);
        even = HIGH.selectFrom(a, c);
        odd = HIGH.selectFrom(b, d);
        add(LOW.selectFrom(even, odd), out, o + 2 * LANES, kept);
        add(HIGH.selectFrom(even, odd), out, o + 3 * LANES, kept);
    }

    private static void add(IntVector sums, float[] out, int o, float kept) {
        sums.reinterpretAsFloats().mul(FloatVector.broadcast(SPECIES, VectorInt8Quads.UNIT))
                .add(FloatVector.fromArray(SPECIES, out, o).mul(FloatVector.broadcast(SPECIES, kept)))
                .intoArray(out, o);
    }

    private static void values4x2(float[] weights, int w, int tokens, long[] address, long at,
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
            long value = address[t] + at;
            FloatVector v0 = loadBytesAsFloats(value);
            FloatVector v1 = loadBytesAsFloats(value + LANES);
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

    private static void values4x1(float[] weights, int w, int tokens, long[] address, long at,
            float[] out, int o, int stride, float[] kept, int row) {
        FloatVector a = FloatVector.fromArray(SPECIES, out, o).mul(FloatVector.broadcast(SPECIES, kept[row]));
        FloatVector b = FloatVector.fromArray(SPECIES, out, o + stride)
                .mul(FloatVector.broadcast(SPECIES, kept[row + 1]));
        FloatVector c = FloatVector.fromArray(SPECIES, out, o + 2 * stride)
                .mul(FloatVector.broadcast(SPECIES, kept[row + 2]));
        FloatVector d = FloatVector.fromArray(SPECIES, out, o + 3 * stride)
                .mul(FloatVector.broadcast(SPECIES, kept[row + 3]));
        for (int t = 0; t < tokens; t++) {
            long value = address[t] + at;
            FloatVector v = loadBytesAsFloats(value);
            a = FloatVector.broadcast(SPECIES, weights[w + t]).fma(v, a);
            b = FloatVector.broadcast(SPECIES, weights[w + TOKENS + t]).fma(v, b);
            c = FloatVector.broadcast(SPECIES, weights[w + 2 * TOKENS + t]).fma(v, c);
            d = FloatVector.broadcast(SPECIES, weights[w + 3 * TOKENS + t]).fma(v, d);
        }
        a.intoArray(out, o);
        b.intoArray(out, o + stride);
        c.intoArray(out, o + 2 * stride);
        d.intoArray(out, o + 3 * stride);
    }

    private static void addTo1(AttentionTile tile, int row, Int8Rows rows) {
        int c = 0;
        for (; c + 2 * LANES <= tile.stride; c += 2 * LANES) {
            values1x2(tile.scores, row * TOKENS, rows.count(), rows.address, rows.rowBytes + c, tile.output,
                    row * tile.stride + c, tile.kept[row]);
        }
        for (; c < tile.stride; c += LANES) {
            values1x1(tile.scores, row * TOKENS, rows.count(), rows.address, rows.rowBytes + c, tile.output,
                    row * tile.stride + c, tile.kept[row]);
        }
    }

    private static void values1x2(float[] weights, int w, int tokens, long[] address, long at, float[] out, int o,
            float kept) {
        FloatVector a = FloatVector.fromArray(SPECIES, out, o).mul(FloatVector.broadcast(SPECIES, kept));
        FloatVector b = FloatVector.fromArray(SPECIES, out, o + LANES).mul(FloatVector.broadcast(SPECIES, kept));
        for (int t = 0; t < tokens; t++) {
            long value = address[t] + at;
            FloatVector x = FloatVector.broadcast(SPECIES, weights[w + t]);
            a = x.fma(loadBytesAsFloats(value), a);
            b = x.fma(loadBytesAsFloats(value + LANES), b);
        }
        a.intoArray(out, o);
        b.intoArray(out, o + LANES);
    }

    private static void values1x1(float[] weights, int w, int tokens, long[] address, long at, float[] out, int o,
            float kept) {
        FloatVector a = FloatVector.fromArray(SPECIES, out, o).mul(FloatVector.broadcast(SPECIES, kept));
        for (int t = 0; t < tokens; t++) {
            long value = address[t] + at;
            a = FloatVector.broadcast(SPECIES, weights[w + t]).fma(loadBytesAsFloats(value), a);
        }
        a.intoArray(out, o);
    }
}
