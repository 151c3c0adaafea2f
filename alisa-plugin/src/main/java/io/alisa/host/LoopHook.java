package io.alisa.host;

import org.jspecify.annotations.Nullable;

/** Called in place of a host's parallel loop. */
public interface LoopHook {
    /**
     * Runs a loop to its end.
     *
     * @param executor the host's
     * @param loop     a {@link Runnable}
     * @return whatever, where that was done; null: the host does it itself
     */
    @Nullable
    Object execute(Object executor, Object loop);
}
