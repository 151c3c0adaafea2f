package io.alisa.sparse;

import io.alisa.attention.AttentionKernels;
import io.alisa.attention.AttentionShape;
import io.alisa.attention.AttentionTile;
import io.alisa.attention.Int8Kernels;
import io.alisa.attention.Int8Rows;
import io.alisa.cache.KvDigest;
import io.alisa.cache.KvLayer;
import io.alisa.cache.KvLayout;

/**
 * The estimate of what was not attended: the skipped tokens of a full block count with the block's mean value, weighted
 * by their estimated weights, within the same softmax. Ours, not the paper's; in the spirit of RetroInfer's estimation
 * zone.
 *
 * <p>Owned by one worker.
 */
final class SkippedTokens {
    private final AttentionShape shape;
    private final Int8Kernels kernels;
    private final Int8Rows rows;

    SkippedTokens(AttentionKernels kernels, AttentionShape shape) {
        this.kernels = kernels.int8();
        this.shape = shape;
        this.rows = new Int8Rows(shape.headSize());
    }

    /** Begins the tile's running softmax with the estimate: nothing may have been attended yet. */
    void add(AttentionTile tile, KvLayer layer, int kvHead, SkippedMass mass) {
        KvDigest digest = layer.digest();
        if (digest == null) {
            throw new IllegalStateException("An estimate of skipped tokens needs digests of the blocks");
        }
        for (int g = 0; g < shape.groupSize(); g++) {
            tile.setMax(g, mass.reference(kvHead, g));
        }
        for (int first = 0; first < mass.blocks(); first += KvLayout.BLOCK_TOKENS) {
            int count = Math.min(KvLayout.BLOCK_TOKENS, mass.blocks() - first);
            rows.setBlock(digest.means().head(first, kvHead), count);
            for (int g = 0; g < shape.groupSize(); g++) {
                mass.copy(kvHead, g, first, count, tile.scores(), g * KvLayout.BLOCK_TOKENS);
            }
            kernels.addWeighted(tile, rows);
        }
    }
}
