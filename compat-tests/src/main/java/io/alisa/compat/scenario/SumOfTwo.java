package io.alisa.compat.scenario;

import java.util.List;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReferenceArray;

import com.github.tjake.jlama.tensor.AbstractTensor;

/** A reducer for two threads: each brings its tensors, each leaves with the sum of both. */
@SuppressWarnings("rawtypes") // the host's signature
final class SumOfTwo {
    /** If one of the two fails, the other must not wait for ever. */
    private static final int MINUTES_TO_WAIT = 2;

    private final AtomicReferenceArray<List<AbstractTensor>> brought = new AtomicReferenceArray<>(2);
    private final CyclicBarrier barrier = new CyclicBarrier(2, this::add);

    void reduce(int own, List<AbstractTensor> tensors) {
        brought.set(own, tensors);
        try {
            barrier.await(MINUTES_TO_WAIT, TimeUnit.MINUTES);
        } catch (InterruptedException | BrokenBarrierException | TimeoutException e) {
            throw new IllegalStateException("The other half did not come", e);
        }
    }

    /** Runs in the thread that comes second, while the first waits. */
    private void add() {
        for (int i = 0; i < brought.get(0).size(); i++) {
            AbstractTensor<?, ?> first = brought.get(0).get(i);
            AbstractTensor<?, ?> second = brought.get(1).get(i);
            for (int row = 0; row < first.shape().first(); row++) {
                for (int column = 0; column < first.shape().last(); column++) {
                    float sum = first.get(row, column) + second.get(row, column);
                    first.set(sum, row, column);
                    second.set(sum, row, column);
                }
            }
        }
    }
}
