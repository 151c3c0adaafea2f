package io.alisa.sparse;

import io.alisa.attention.AttentionKernels;
import io.alisa.attention.AttentionTile;
import io.alisa.attention.Int8Kernels;
import io.alisa.attention.Int8Rows;
import io.alisa.cache.KvDigest;
import io.alisa.cache.KvLayer;
import io.alisa.cache.KvLayout;

/**
 * The estimate of what was not attended: the skipped tokens of a full block are replaced by the block's mean key and
 * value, weighted by their number, within the same softmax. Ours, not the paper's; in the spirit of RetroInfer's
 * estimation zone. The mean is that of the whole block: leaving out the attended tokens costs more and gained nothing.
 *
 * <p>Owned by one worker.
 */
final class SkippedTokens {
    private static final float[] LOG = new float[KvLayout.BLOCK_TOKENS + 1];

    static {
        for (int i = 0; i < LOG.length; i++) {
            LOG[i] = (float) Math.log(i);
        }
    }

    private final Int8Kernels kernels;
    private final Int8Rows rows;

    SkippedTokens(AttentionKernels kernels, int headSize) {
        this.kernels = kernels.int8();
        this.rows = new Int8Rows(headSize);
    }

    /** Folds the estimate into the tile's running softmax. */
    void attend(AttentionTile tile, KvLayer layer, int kvHead, AttendedSet attended) {
        KvDigest digest = layer.digest();
        if (digest == null) {
            throw new IllegalStateException("An estimate of skipped tokens needs digests of the blocks");
        }
        rows.clear();
        for (int block = 0; block < digest.blocks(); block++) {
            int skipped = KvLayout.BLOCK_TOKENS - attended.attendedIn(block);
            if (skipped > 0) {
                rows.add(digest.means().head(block, kvHead), block % KvLayout.BLOCK_TOKENS, LOG[skipped]);
            }
            if (rows.isFull()) {
                kernels.attend(tile, rows);
                rows.clear();
            }
        }
        if (rows.count() > 0) {
            kernels.attend(tile, rows);
        }
    }
}
