package io.alisa.host.jlama;

import com.github.tjake.jlama.tensor.AbstractTensor;
import com.github.tjake.jlama.tensor.operations.TensorOperationsProvider;
import io.alisa.parallel.Job;
import io.alisa.parallel.WorkerTeam;
import org.jspecify.annotations.Nullable;

/**
 * Multiplies activations with up to three of the host's weight matrices, by the host's own operations, so that every
 * type of weight it knows works here. Rows of the matrices are shared out among the team.
 *
 * <p>Owned by one session; allocates nothing itself.
 */
final class Projection implements Job {
    private static final int MOST = 3;

    private final WorkerTeam team;
    private final @Nullable AbstractTensor<?, ?>[] results = new AbstractTensor<?, ?>[MOST];
    private final @Nullable AbstractTensor<?, ?>[] weights = new AbstractTensor<?, ?>[MOST];
    private final int[] firstRow = new int[MOST];
    private final int[] rows = new int[MOST];
    private @Nullable AbstractTensor<?, ?> input;
    private int firstColumn;
    private int columns;
    private int count;
    /** How the rows are cut: chunks of this many, the last one longer, numbered from the product's first item on. */
    private final int[] chunk = new int[MOST];
    private final int[] lastChunk = new int[MOST];
    private final int[] firstItem = new int[MOST];
    private int items;

    Projection(WorkerTeam team) {
        this.team = team;
    }

    /** Starts with {@code activations}, columns {@code first} to {@code first + length} of it. */
    Projection of(AbstractTensor<?, ?> activations, int first, int length) {
        input = activations;
        firstColumn = first;
        columns = length;
        count = 0;
        return this;
    }

    /** Adds a product: rows {@code first} to {@code first + length} of {@code matrix} into {@code result}. */
    Projection into(AbstractTensor<?, ?> result, AbstractTensor<?, ?> matrix, int first, int length) {
        results[count] = result;
        weights[count] = matrix;
        firstRow[count] = first;
        rows[count] = length;
        count++;
        return this;
    }

    /** Computes all products. */
    void run() {
        AbstractTensor<?, ?> activations = input;
        if (activations == null) {
            throw new IllegalStateException("No input was given");
        }
        items = 0;
        long work = 0;
        for (int i = 0; i < count; i++) {
            splitAsTheHostDoes(i);
            work += (long) rows[i] * columns;
        }
        team.run(this, items, work * activations.shape().first());
        input = null;
        for (int i = 0; i < count; i++) {
            results[i] = null;
            weights[i] = null;
        }
    }

    /**
     * Cuts a product's rows just as the host's {@code VectorMath.pchunk} does: its native operations compute some
     * products wrongly when they are cut otherwise, and where its cut leaves the last rows out, so does ours.
     */
    private void splitAsTheHostDoes(int product) {
        int length = rows[product];
        int splits = Math.min(length, TensorOperationsProvider.get().parallelSplitSize());
        if (splits == 1) {
            splits = length;
        }
        chunk[product] = length / splits;
        lastChunk[product] = chunk[product] + length % chunk[product];
        firstItem[product] = items;
        items += splits;
    }

    @Override
    public void run(int item, int worker) {
        int product = count - 1;
        while (item < firstItem[product]) {
            product--;
        }
        int end = product == count - 1 ? items : firstItem[product + 1];
        int from = firstRow[product] + (item - firstItem[product]) * chunk[product];
        TensorOperationsProvider.get().dotProductChunk(results[product], input, weights[product], firstColumn, columns,
                from, item == end - 1 ? lastChunk[product] : chunk[product]);
    }
}
