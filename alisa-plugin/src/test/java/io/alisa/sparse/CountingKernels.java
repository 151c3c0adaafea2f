package io.alisa.sparse;

import java.util.function.IntConsumer;

import io.alisa.attention.SelectionKernels;

/** Says of every sweep over importances how many blocks it went on by. */
record CountingKernels(SelectionKernels kernels, IntConsumer sweeps) implements SelectionKernels {
    @Override
    public void cap(float[] scores, int from, int count, float softCap) {
        kernels.cap(scores, from, count, softCap);
    }

    @Override
    public void best(float[] scores, int rows, int stride, int from, int tokens, float[] best) {
        kernels.best(scores, rows, stride, from, tokens, best);
    }

    @Override
    public void importance(float[] scores, int rows, int stride, int tokens, float[] best, float[] importance) {
        kernels.importance(scores, rows, stride, tokens, best, importance);
    }

    @Override
    public int count(float[] importance, int blocks, int step, float threshold) {
        sweeps.accept(step);
        return kernels.count(importance, blocks, step, threshold);
    }

    @Override
    public long atLeast(float[] importance, int block, float threshold) {
        return kernels.atLeast(importance, block, threshold);
    }

    @Override
    public void skippedMass(float[] scores, int rows, int stride, int blocks, float[] best, long[] attended,
            float[] sums, int to, int sumsStride) {
        kernels.skippedMass(scores, rows, stride, blocks, best, attended, sums, to, sumsStride);
    }
}
