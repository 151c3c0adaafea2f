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
        long work = 0;
        for (int i = 0; i < count; i++) {
            work += (long) rows[i] * columns;
        }
        AbstractTensor<?, ?> activations = input;
        if (activations != null) {
            team.run(this, count * team.size(), work * activations.shape().first());
        }
        input = null;
        for (int i = 0; i < count; i++) {
            results[i] = null;
            weights[i] = null;
        }
    }

    @Override
    public void run(int item, int worker) {
        int product = item / team.size();
        int share = item % team.size();
        int from = (int) ((long) rows[product] * share / team.size());
        int to = (int) ((long) rows[product] * (share + 1) / team.size());
        if (to > from) {
            TensorOperationsProvider.get().dotProductChunk(results[product], input, weights[product],
                    firstColumn,
                    columns, firstRow[product] + from, to - from);
        }
    }
}
