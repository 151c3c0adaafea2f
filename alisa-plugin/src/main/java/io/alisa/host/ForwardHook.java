package io.alisa.host;

import org.jspecify.annotations.Nullable;

/** Called in place of a host's pass through all layers. */
public interface ForwardHook {
    /**
     * Passes hidden states through the model's layers.
     *
     * @return the last layer's output; null: not ours, the host does it itself
     */
    @Nullable
    Object forward(Object model, Object embedding, int startPosition, Object kvBuffer, Object reducer);
}
