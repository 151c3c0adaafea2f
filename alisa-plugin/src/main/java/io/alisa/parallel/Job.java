package io.alisa.parallel;

/**
 * Work cut into independent items. Implementations are reused from step to step, so that
 * running one allocates nothing, and do not run jobs themselves.
 */
public interface Job {
    /**
     * Does one item.
     *
     * @param item   0 up to the number of items
     * @param worker 0 up to {@link WorkerTeam#size()}: no two items run at once under the same number, so it can
     *               choose scratch memory
     */
    void run(int item, int worker);
}
