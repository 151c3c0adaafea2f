package io.alisa.sparse;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.within;

import io.alisa.Allocation;
import io.alisa.attention.AttentionKernels;
import io.alisa.attention.AttentionShape;
import io.alisa.attention.FedSession;
import io.alisa.attention.Teams;
import io.alisa.attention.Tokens;
import io.alisa.attention.VectorKernels;
import io.alisa.cache.KvFormat;
import io.alisa.cache.KvLayer;
import io.alisa.cache.KvLayout;
import io.alisa.cache.KvSession;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SparseSessionTest {
    private static final AttentionShape SHAPE = new AttentionShape(2, 2, 32, 0);
    private static final Tokens TOKENS = Tokens.random(32, 2, 1);
    private static final AttentionKernels KERNELS = new VectorKernels();
    private static final int MIN_CONTEXT = 210;

    private static FedSession session(String policy, KvFormat format) {
        return new FedSession(SHAPE, format, Policies.needsDigests(policy), KERNELS, Teams.of(2), TOKENS);
    }

    private static SparseSession sparse(String policy, Budget budget, FedSession session) {
        return new SparseSession(policy, budget, session.kv, SHAPE, KERNELS, session.team);
    }

    @ParameterizedTest
    @ValueSource(strings = {"swa", "swa-paper", "streaming-llm", "strided", "local"})
    void countsWhatASingleRunOfItsLayerCounts(String policy) {
        Budget budget = new Budget(0.3, MIN_CONTEXT);
        try (FedSession session = session(policy, KvFormat.INT8);
                SparseRun run = new SparseRun(policy, budget, SHAPE, KvFormat.INT8, KERNELS, Teams.of(2), TOKENS)) {
            SparseSession sparse = sparse(policy, budget, session);
            assertThat(sparse.keptMass()).as("before the first sample").isEqualTo(1);
            session.begin(0, 200);
            sparse.prefilled(0, session.layer(), 0, 200, session.queries);
            session.settle();
            run.prompt(0, 200);
            double attended = 0;
            double recalled = 0;
            for (int position = 200; position < 260; position++) {
                session.begin(position, position + 1);
                assertThat(sparse.isSparse(position + 1)).isEqualTo(position + 1 >= MIN_CONTEXT);
                if (sparse.isSparse(position + 1)) {
                    float[] outputs = new float[session.queries.length];
                    sparse.decode(0, session.layer(), session.queries, outputs);
                    assertThat(run.stepAt(position)).isEqualTo(outputs);
                    attended += (run.selected(0).length + run.selected(1).length) / 2.0; // two KV heads
                    recalled += run.attention.recalled() / 2.0;
                } else {
                    sparse.decodedDense(0, session.layer(), session.queries);
                    run.session.begin(position, position + 1);
                    run.attention.observeDense(run.layer(), run.session.queries);
                    run.session.settle();
                    attended += position + 1;
                }
                session.settle();
            }
            assertThat(sparse.attended()).isEqualTo(attended);
            assertThat(sparse.recalled()).isEqualTo(recalled);
            assertThat(sparse.takeSelectNanos()).isNotNegative();
            assertThat(sparse.takeAttendNanos()).isPositive();
            assertThat(sparse.takeSelectNanos() + sparse.takeAttendNanos()).as("taken already").isZero();
        }
    }

    @Test
    @Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD) // it would spin
    void aSelectionThatFailsKeepsNoThreadWaiting() {
        try (FedSession session = session("local", KvFormat.INT8)) {
            session.begin(0, 200);
            session.settle();
            session.begin(200, 201);
            SparseAttention attention = new SparseAttention(session.layer(), new TokenSelector() {
                @Override
                public void select(KvLayer layer, float[] queries, Selection selection) {
                }

                @Override
                public void selectHead(int kvHead, int worker) {
                    throw new IllegalStateException("no selection");
                }
            }, new SparseScratch(session.kv, SHAPE, KERNELS, session.team));
            float[] outputs = new float[session.queries.length];
            assertThatIllegalStateException()
                    .isThrownBy(() -> attention.run(session.layer(), session.queries, outputs))
                    .withMessage("no selection");
        }
    }

    @Test
    void aShareOfOneIsDense() {
        try (FedSession session = session("local", KvFormat.F32)) {
            SparseSession sparse = sparse("local", new Budget(1, 0), session);
            for (int tokens : new int[]{1, 2, 3, 301, 4096}) {
                assertThat(sparse.isSparse(tokens)).as("%s tokens", tokens).isFalse();
            }
        }
    }

    @Tag(Allocation.TAG)
    @ParameterizedTest
    @CsvSource({"swa,INT8", "swa,F32", "swa-paper,INT8", "h2o,INT8", "streaming-llm,INT8"})
    void aStepAllocatesNothing(String policy, KvFormat format) {
        try (FedSession session = session(policy, format)) {
            SparseSession sparse = sparse(policy, new Budget(0.2, 0), session);
            session.feed(0, 576);
            session.begin(576, 577);
            float[] queries = session.queries;
            float[] outputs = new float[queries.length];
            float[] channels = TOKENS.key(0, 0);
            Allocation.assertNoneAfterAWhile(() -> {
                for (int position = 576; position < 576 + 150; position++) {
                    session.step(position, channels);
                    sparse.decode(0, session.layer(), queries, outputs);
                    session.settle();
                }
            });
            assertThat(sparse.keptMass()).as("audits took place").isLessThan(1);
        }
    }

    /** It failed before its last layer, and is done once more. */
    @Test
    void aStepThatFailsDoesNotCount() {
        try (KvSession kv = new KvSession(new KvLayout(KvFormat.F32, 2, 32), 3, 1000)) {
            SparseSession sparse = new SparseSession("local", new Budget(0.2, 0), kv, SHAPE, KERNELS, Teams.of(1));
            float[] queries = new float[SHAPE.floats(1)];
            for (int layer : new int[]{0, 1, 0, 1, 2}) {
                kv.layer(layer).resize(500);
                sparse.decode(layer, kv.layer(layer), queries, new float[queries.length]);
            }
            assertThat(sparse.attended()).isEqualTo(100);
        }
    }

    @Test
    void attendedIsAMeanOverKvHeads() {
        try (FedSession session = session("local", KvFormat.INT8)) {
            SparseSession sparse = sparse("local", new Budget(0.5, 0), session);
            session.feed(0, 99);
            session.begin(99, 100);
            sparse.decode(0, session.layer(), session.queries, new float[session.queries.length]);
            assertThat(sparse.attended()).isCloseTo(50, within(1e-9));
        }
    }
}
