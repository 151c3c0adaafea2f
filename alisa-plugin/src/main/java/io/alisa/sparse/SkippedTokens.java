package io.alisa.sparse;

import java.util.Arrays;

import io.alisa.attention.AttentionKernels;
import io.alisa.attention.AttentionShape;
import io.alisa.attention.AttentionTile;
import io.alisa.attention.Int8Kernels;
import io.alisa.attention.Int8Rows;
import io.alisa.cache.KvDigest;
import io.alisa.cache.KvLayer;
import io.alisa.cache.KvLayout;

/**
 * The estimate of what was not attended: the skipped tokens of a full block count with the block's mean value, those of
 * the newest with their own mean, weighted by their estimated weights, within the same softmax. Ours, not the paper's; in
 * the spirit of RetroInfer's estimation zone.
 *
 * <p>Owned by one worker.
 */
final class SkippedTokens {
    private final AttentionShape shape;
    private final Int8Kernels kernels;
    private final Int8Rows rows;
    private final float[] value;
    private final float[] mean;

    SkippedTokens(AttentionKernels kernels, AttentionShape shape) {
        this.kernels = kernels.int8();
        this.shape = shape;
        this.rows = new Int8Rows(shape.headSize());
        this.value = new float[shape.headSize()];
        this.mean = new float[shape.headSize()];
    }

    /**
     * Begins the tile's running softmax with the estimate: nothing may have been attended yet.
     *
     * @param attended a bit per token, a word per block
     */
    void add(AttentionTile tile, KvLayer layer, int kvHead, SkippedMass mass, long[] attended) {
        KvDigest digest = layer.digest();
        if (digest == null) {
            throw new IllegalStateException("An estimate of skipped tokens needs digests of the blocks");
        }
        for (int g = 0; g < shape.groupSize(); g++) {
            tile.setMax(g, mass.reference(kvHead, g));
        }
        int full = Math.min(mass.blocks(), digest.blocks());
        for (int first = 0; first < full; first += KvLayout.BLOCK_TOKENS) {
            int count = Math.min(KvLayout.BLOCK_TOKENS, full - first);
            rows.setBlock(digest.means().head(first, kvHead), count);
            for (int g = 0; g < shape.groupSize(); g++) {
                mass.copy(kvHead, g, first, count, tile.scores(), g * KvLayout.BLOCK_TOKENS);
            }
            kernels.addWeighted(tile, rows);
        }
        if (full < mass.blocks()) {
            addNewest(tile, layer, kvHead, mass, full, attended[full]);
        }
    }

    /** Adds the skipped tokens of the block that is not full yet, of which no mean is kept. */
    private void addNewest(AttentionTile tile, KvLayer layer, int kvHead, SkippedMass mass, int block, long attended) {
        int start = block * KvLayout.BLOCK_TOKENS;
        long skipped = ~attended & -1L >>> -(layer.tokens() - start);
        if (skipped == 0) {
            return;
        }
        Arrays.fill(mean, 0f);
        float share = 1f / Long.bitCount(skipped);
        for (long left = skipped; left != 0; left &= left - 1) {
            layer.rows().readValue(start + Long.numberOfTrailingZeros(left), kvHead, value);
            for (int c = 0; c < mean.length; c++) {
                mean[c] += share * value[c];
            }
        }
        for (int g = 0; g < shape.groupSize(); g++) {
            tile.addWeighted(g, mass.weights()[mass.index(kvHead, g) + block], mean);
        }
    }
}
