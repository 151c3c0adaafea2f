package io.alisa.host;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Objects;

import io.alisa.attention.AttentionShape;
import io.alisa.attention.Teams;
import io.alisa.attention.VectorKernels;
import io.alisa.cache.KvFormat;
import io.alisa.cache.KvLayer;
import io.alisa.cache.KvLayout;
import io.alisa.cache.KvSession;
import io.alisa.schedule.ByteModel;
import io.alisa.schedule.ModelDimensions;
import io.alisa.sparse.Budget;
import io.alisa.sparse.SparseSession;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What plans reckon with is what a session holds under the cap, what its policy remembers on the heap too. */
class PlannedBytesTest {
    private static final int LAYERS = 8;
    private static final int TOKENS = 4096;
    private static final int BATCH = 256;

    @ParameterizedTest
    @ValueSource(strings = {"streaming-llm", "h2o", "swa", "swa-paper"})
    void areThoseHeld(String policy) {
        Budget budget = new Budget(0.2, 256);
        SessionMode mode = new SessionMode(KvFormat.INT8, false, policy, budget);
        ByteModel bytes = mode.bytes(new ModelDimensions(LAYERS, 32, 8, 64, 2048, 1000));
        try (KvSession kv = new KvSession(new KvLayout(KvFormat.INT8, 8, 64), LAYERS, 2 * TOKENS,
                mode.isDigested())) {
            SparseSession sparse = new SparseSession(policy, budget, kv, new AttentionShape(8, 4, 64, 0),
                    new VectorKernels(), Teams.of(2));
            assertThat(sparse.isSparse(TOKENS)).isTrue();
            for (int start = 0; start < TOKENS; start += BATCH) {
                grow(kv, start, mode.isDigested());
            }
            double planned = TOKENS * (bytes.rowBytes() + bytes.stayingTokenBytes()) + bytes.sessionBytes();
            // frames come in slabs, and what does not go with the policy is small
            assertThat(kv.bytes() / planned).isBetween(0.95, 1.05);
        }
    }

    private static void grow(KvSession kv, int start, boolean digested) {
        for (int i = 0; i < LAYERS; i++) {
            KvLayer layer = kv.layer(i);
            layer.resize(start, start + BATCH);
            if (digested) {
                Objects.requireNonNull(layer.digest()).resize((start + BATCH) / KvLayout.BLOCK_TOKENS);
            }
            layer.settle();
        }
    }
}
