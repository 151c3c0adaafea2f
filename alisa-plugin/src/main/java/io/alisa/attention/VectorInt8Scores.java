package io.alisa.attention;

import static io.alisa.attention.VectorInt8Quads.channel;

import io.alisa.cache.KvLayout;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Scores of INT8 rows, in vectors of tokens, from {@link Int8Rows#quads}. Register tiles of four query rows by four
 * vectors where there are 32 registers (512 bit), by two elsewhere: four rows hide the conversions.
 */
final class VectorInt8Scores {
    private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
    private static final int LANES = SPECIES.length();
    private static final int VECTOR_BYTES = LANES * Integer.BYTES;
    private static final int TOKENS = KvLayout.BLOCK_TOKENS;
    private static final boolean MANY_REGISTERS = LANES == 16;

    private static final float[] NOTHING_HIDDEN = new float[TOKENS];

    private VectorInt8Scores() {
    }

    /** Fills {@code tile.scores} for all rows and all 64 places with the products of query and key, in whole numbers. */
    static void multiply(AttentionTile tile, Int8Rows rows) {
        int row = 0;
        for (; row + 4 <= tile.rows; row += 4) {
            if (MANY_REGISTERS) {
                score4x4(tile.query, tile.queryOffset + row * tile.stride, tile.stride, tile.headSize, rows.quads,
                        tile.scores, row * TOKENS);
            } else {
                for (int t = 0; t < TOKENS; t += 2 * LANES) {
                    score4x2(tile.queriesByChannel(), row * tile.stride, tile.headSize, rows.quads, t, tile.scores,
                            row * TOKENS + t);
                }
            }
        }
        for (; row < tile.rows; row++) {
            for (int t = 0; t < TOKENS; t += 4 * LANES) {
                score1x4(tile.query, tile.queryOffset + row * tile.stride, tile.headSize, rows.quads, t, tile.scores,
                        row * TOKENS + t);
            }
        }
    }

    /** Turns products into scores: scale and cap, and hide what is no row. */
    static void finish(AttentionTile tile, Int8Rows rows) {
        for (int row = 0; row < tile.rows; row++) {
            if (tile.softCap == 0) {
                scale(tile.scores, row * TOKENS, rows.keyScale, rows.hidden);
            } else {
                scale(tile.scores, row * TOKENS, rows.keyScale, NOTHING_HIDDEN);
                VectorSoftmax.cap(tile.scores, row * TOKENS, tile.softCap);
                add(tile.scores, row * TOKENS, rows.hidden);
            }
        }
    }

    private static void scale(float[] scores, int s, float[] scale, float[] hidden) {
        for (int t = 0; t < TOKENS; t += LANES) {
            FloatVector.fromArray(SPECIES, scores, s + t).mul(FloatVector.broadcast(SPECIES, VectorInt8Quads.UNIT))
                    .fma(FloatVector.fromArray(SPECIES, scale, t), FloatVector.fromArray(SPECIES, hidden, t))
                    .intoArray(scores, s + t);
        }
    }

    private static void add(float[] scores, int s, float[] hidden) {
        for (int t = 0; t < TOKENS; t += LANES) {
            FloatVector.fromArray(SPECIES, scores, s + t).add(FloatVector.fromArray(SPECIES, hidden, t))
                    .intoArray(scores, s + t);
        }
    }

    private static void score4x4(float[] query, int q, int stride, int headSize, byte[] quads, float[] scores,
            int s) {
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
        for (int i = 0; i < headSize; i++) {
            int at = VectorInt8Quads.channelAt(i);
            FloatVector k0 = channel(quads, at);
            FloatVector k1 = channel(quads, at + VECTOR_BYTES);
            FloatVector k2 = channel(quads, at + 2 * VECTOR_BYTES);
            FloatVector k3 = channel(quads, at + 3 * VECTOR_BYTES);
            FloatVector x = FloatVector.broadcast(SPECIES, query[q + i]);
            a0 = x.fma(k0, a0);
            a1 = x.fma(k1, a1);
            a2 = x.fma(k2, a2);
            a3 = x.fma(k3, a3);
            x = FloatVector.broadcast(SPECIES, query[q + stride + i]);
            b0 = x.fma(k0, b0);
            b1 = x.fma(k1, b1);
            b2 = x.fma(k2, b2);
            b3 = x.fma(k3, b3);
            x = FloatVector.broadcast(SPECIES, query[q + 2 * stride + i]);
            c0 = x.fma(k0, c0);
            c1 = x.fma(k1, c1);
            c2 = x.fma(k2, c2);
            c3 = x.fma(k3, c3);
            x = FloatVector.broadcast(SPECIES, query[q + 3 * stride + i]);
            d0 = x.fma(k0, d0);
            d1 = x.fma(k1, d1);
            d2 = x.fma(k2, d2);
            d3 = x.fma(k3, d3);
        }
        a0.intoArray(scores, s);
        a1.intoArray(scores, s + LANES);
        a2.intoArray(scores, s + 2 * LANES);
        a3.intoArray(scores, s + 3 * LANES);
        b0.intoArray(scores, s + TOKENS);
        b1.intoArray(scores, s + TOKENS + LANES);
        b2.intoArray(scores, s + TOKENS + 2 * LANES);
        b3.intoArray(scores, s + TOKENS + 3 * LANES);
        c0.intoArray(scores, s + 2 * TOKENS);
        c1.intoArray(scores, s + 2 * TOKENS + LANES);
        c2.intoArray(scores, s + 2 * TOKENS + 2 * LANES);
        c3.intoArray(scores, s + 2 * TOKENS + 3 * LANES);
        d0.intoArray(scores, s + 3 * TOKENS);
        d1.intoArray(scores, s + 3 * TOKENS + LANES);
        d2.intoArray(scores, s + 3 * TOKENS + 2 * LANES);
        d3.intoArray(scores, s + 3 * TOKENS + 3 * LANES);
    }

    /**
     * Two channels at a time: to find them takes as long as one, and for more the compiler makes vectors on the heap. Behind
     * an odd head both keys and queries have zeros.
     *
     * @param queries see {@link AttentionTile#queriesByChannel}; the group of rows starts at {@code from}
     */
    private static void score4x2(float[] queries, int from, int headSize, byte[] quads, int t, float[] scores,
            int s) {
        FloatVector a0 = FloatVector.zero(SPECIES);
        FloatVector a1 = a0;
        FloatVector b0 = a0;
        FloatVector b1 = a0;
        FloatVector c0 = a0;
        FloatVector c1 = a0;
        FloatVector d0 = a0;
        FloatVector d1 = a0;
        int at = VectorInt8Quads.channelAt(0) + t * Integer.BYTES;
        int step = 2;
        int end = from + 4 * headSize;
        for (int q = from; q < end; q += 8) {
            FloatVector k0 = channel(quads, at);
            FloatVector k1 = channel(quads, at + VECTOR_BYTES);
            FloatVector x = FloatVector.broadcast(SPECIES, queries[q]);
            a0 = x.fma(k0, a0);
            a1 = x.fma(k1, a1);
            x = FloatVector.broadcast(SPECIES, queries[q + 1]);
            b0 = x.fma(k0, b0);
            b1 = x.fma(k1, b1);
            x = FloatVector.broadcast(SPECIES, queries[q + 2]);
            c0 = x.fma(k0, c0);
            c1 = x.fma(k1, c1);
            x = FloatVector.broadcast(SPECIES, queries[q + 3]);
            d0 = x.fma(k0, d0);
            d1 = x.fma(k1, d1);
            k0 = channel(quads, at + 1);
            k1 = channel(quads, at + 1 + VECTOR_BYTES);
            x = FloatVector.broadcast(SPECIES, queries[q + 4]);
            a0 = x.fma(k0, a0);
            a1 = x.fma(k1, a1);
            x = FloatVector.broadcast(SPECIES, queries[q + 5]);
            b0 = x.fma(k0, b0);
            b1 = x.fma(k1, b1);
            x = FloatVector.broadcast(SPECIES, queries[q + 6]);
            c0 = x.fma(k0, c0);
            c1 = x.fma(k1, c1);
            x = FloatVector.broadcast(SPECIES, queries[q + 7]);
            d0 = x.fma(k0, d0);
            d1 = x.fma(k1, d1);
            at += step;
            step = Int8Rows.QUAD_BYTES - step; // by turns: to the second half of a quad, to the next quad
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

    private static void score1x4(float[] query, int q, int headSize, byte[] quads, int t, float[] scores, int s) {
        FloatVector a0 = FloatVector.zero(SPECIES);
        FloatVector a1 = a0;
        FloatVector a2 = a0;
        FloatVector a3 = a0;
        for (int i = 0; i < headSize; i++) {
            int at = VectorInt8Quads.channelAt(i) + t * Integer.BYTES;
            FloatVector x = FloatVector.broadcast(SPECIES, query[q + i]);
            a0 = x.fma(channel(quads, at), a0);
            a1 = x.fma(channel(quads, at + VECTOR_BYTES), a1);
            a2 = x.fma(channel(quads, at + 2 * VECTOR_BYTES), a2);
            a3 = x.fma(channel(quads, at + 3 * VECTOR_BYTES), a3);
        }
        a0.intoArray(scores, s);
        a1.intoArray(scores, s + LANES);
        a2.intoArray(scores, s + 2 * LANES);
        a3.intoArray(scores, s + 3 * LANES);
    }
}
