package io.alisa.sparse;

import java.util.Arrays;

import io.alisa.attention.AttentionShape;
import io.alisa.cache.Growth;
import io.alisa.cache.KvLayout;

/**
 * How much the tokens of each block weigh that a step does not attend: for every query head the sum of their
 * estimated weights relative to a reference score. Different KV heads may be filled by different threads.
 */
final class SkippedMass {
    private final AttentionShape shape;
    private final float[] references;
    /** {@code [kvHead][head of the group][block]}. */
    private float[] weights = {};
    private int capacity;
    private int blocks;

    SkippedMass(AttentionShape shape) {
        this.shape = shape;
        this.references = new float[shape.kvHeads() * shape.groupSize()];
    }

    /** Starts a step that may skip tokens of the first {@code count} blocks. */
    void begin(int count) {
        blocks = count;
        if (count > capacity) {
            capacity = Growth.of(capacity, count);
            weights = new float[references.length * capacity];
        }
    }

    /** Says that nothing is skipped of a KV head so far. */
    void clear(int kvHead) {
        int row = kvHead * shape.groupSize();
        Arrays.fill(weights, row * capacity, (row + shape.groupSize()) * capacity, 0f);
        // any other score could lie far above the attended ones
        Arrays.fill(references, row, row + shape.groupSize(), Float.NEGATIVE_INFINITY);
    }

    int blocks() {
        return blocks;
    }

    /** Where the weights of a query head begin, block by block, in {@link #weights}. */
    int index(int kvHead, int headOfGroup) {
        return (kvHead * shape.groupSize() + headOfGroup) * capacity;
    }

    /** From the weights of a query head to those of the next. */
    int stride() {
        return capacity;
    }

    float[] weights() {
        return weights;
    }

    /** Copies {@code count} blocks' weights for a query head, and zeros up to 64. */
    void copy(int kvHead, int headOfGroup, int firstBlock, int count, float[] to, int offset) {
        System.arraycopy(weights, index(kvHead, headOfGroup) + firstBlock, to, offset, count);
        Arrays.fill(to, offset + count, offset + KvLayout.BLOCK_TOKENS, 0f);
    }

    /**
     * Says what a query head's weights are relative to, where any are there. Where none is, an estimate that lies far above
     * the true scores would let these vanish beside it.
     */
    void setReference(int kvHead, int headOfGroup, float score) {
        int from = index(kvHead, headOfGroup);
        for (int i = from; i < from + blocks; i++) {
            if (weights[i] > 0) {
                references[kvHead * shape.groupSize() + headOfGroup] = score;
                return;
            }
        }
    }

    /** The score that weights are relative to; negative infinity where nothing that is skipped weighs. */
    float reference(int kvHead, int headOfGroup) {
        return references[kvHead * shape.groupSize() + headOfGroup];
    }
}
