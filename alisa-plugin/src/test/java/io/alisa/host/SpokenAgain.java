package io.alisa.host;

import io.alisa.attention.AttentionShape;
import io.alisa.cache.KvLayer;
import io.alisa.cache.Recomputer;
import org.jspecify.annotations.Nullable;

/** Says again what a {@link SpokenSession} said: what that is depends on the positions alone. */
record SpokenAgain(AttentionShape shape) implements Recomputer {
    @Override
    public @Nullable String objection() {
        return null;
    }

    @Override
    public long stateBytes(int tokens) {
        return tokens;
    }

    @Override
    public State begin(int start, int[] tokens) {
        return new State() {
            @Override
            public void advance(int layer, KvLayer view) {
                SpokenSession.write(shape, view, layer, start, start + tokens.length);
            }

            @Override
            public void close() {
                // it keeps nothing
            }
        };
    }
}
