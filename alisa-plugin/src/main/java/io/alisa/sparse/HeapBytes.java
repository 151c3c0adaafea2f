package io.alisa.sparse;

import io.alisa.attention.AttentionShape;

/** What a sparse session keeps on the heap for each token of the context: it is under the cap as blocks are. */
final class HeapBytes {
    private HeapBytes() {
    }

    /**
     * Bytes a token.
     *
     * @param workers threads that select
     */
    static double perToken(String policy, AttentionShape shape, int layers, int workers) {
        int heads = shape.kvHeads();
        int queryHeads = heads * shape.groupSize();
        // Which tokens are selected, here and on a device, and were, in words of bits and as a list; the audit's positions and weights.
        double bytes = heads * (2 + layers) / 8.0 + heads * Integer.BYTES + Integer.BYTES
                + (double) shape.groupSize() * Double.BYTES;
        if (Policies.needsDigests(policy)) {
            // Estimates, importance and choice of each worker; the weight of what is skipped, block by block.
            bytes += (double) workers * (shape.groupSize() + 2) * Float.BYTES + queryHeads * Float.BYTES / 64.0;
        }
        bytes += (double) layers * Policies.heapBytesPerToken(policy, heads);
        int span = 64 * SparseScratch.SPAN_BLOCKS;
        return bytes + (double) queryHeads * (shape.rowStride() + 2) * Float.BYTES / span;
    }
}
