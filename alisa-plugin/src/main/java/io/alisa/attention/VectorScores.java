package io.alisa.attention;

import static io.alisa.attention.VectorMemory.load;

import io.alisa.cache.KvLayout;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Scores of a block: queries times keys, in vectors of tokens. Register tiles of four query rows by two vectors: eight
 * independent sums keep both multipliers busy, and sixteen registers suffice.
 */
final class VectorScores {
    private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
    private static final int LANES = SPECIES.length();
    private static final long VECTOR_BYTES = (long) LANES * Float.BYTES;
    private static final int TOKENS = KvLayout.BLOCK_TOKENS;
    private static final long KEY_STRIDE = (long) TOKENS * Float.BYTES;

    private VectorScores() {
    }

    /** Fills {@code tile.scores} for all rows and the first {@code tokens} tokens, whether visible or not. */
    static void compute(AttentionTile tile, long keys, int tokens) {
        for (int t = 0; t < tokens; t += 2 * LANES) {
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
}
