package io.alisa.attention;

import io.alisa.Allocation;
import io.alisa.cache.KvFormat;
import io.alisa.cache.KvLayer;
import io.alisa.cache.KvLayout;
import io.alisa.cache.KvSession;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A decode step of a session that has run for a while allocates nothing, on no thread. */
class DecodeAllocationTest {
    private static final int ROOM = 4096;
    /** The start of a block: going back into the middle of one costs a little. */
    private static final int FIRST = 576;
    private static final int STEPS = 200;

    private final AttentionShape shape = new AttentionShape(2, 4, 64, 0);
    private final AttentionKernels kernels = new VectorKernels();
    private final KvWriter writer = new KvWriter(kernels);
    private final RotaryTable rotary = new RotaryTable(new float[ROOM * 32][2], 64);
    private final float[] head = new float[64];
    private final float[] queries = new float[shape.floats(1)];
    private final float[] outputs = new float[shape.floats(1)];

    @Tag(Allocation.TAG)
    @ParameterizedTest
    @EnumSource(value = KvFormat.class, names = {"F32", "INT8"})
    void decodingAllocatesNothing(KvFormat format) {
        try (KvSession session = new KvSession(new KvLayout(format, 2, 64), 1, ROOM)) {
            KvLayer layer = session.layer(0);
            DecodeAttention attention = new DecodeAttention(shape, kernels, Teams.of(3), layer);
            Step step = attention::run;
            Allocation.assertNoneAfterAWhile(() -> decode(step, layer));
        }
    }

    @Tag(Allocation.TAG)
    @Test
    void decodingInTheHostsOrderAllocatesNothing() {
        try (KvSession session = new KvSession(new KvLayout(KvFormat.F32, 2, 64), 1, ROOM)) {
            KvLayer layer = session.layer(0);
            OrderedAttention attention = new OrderedAttention(shape, kernels, Teams.of(3), layer,
                    new SummationOrder(16, true), 1f);
            Step step = (kv, query, output) -> attention.run(kv, kv.tokens() - 1, 1, query, output);
            Allocation.assertNoneAfterAWhile(() -> decode(step, layer));
        }
    }

    /** A step's attention. */
    private interface Step {
        void attend(KvLayer layer, float[] queries, float[] outputs);
    }

    /** What the plugin does per layer and step: room for a token, rotation, KV, attention. */
    private void decode(Step step, KvLayer layer) {
        for (int position = FIRST; position < FIRST + STEPS; position++) {
            layer.resize(position, position + 1);
            rotary.prepare(position, 3);
            for (int kvHead = 0; kvHead < shape.kvHeads(); kvHead++) {
                kernels.rotate(head, 0, 64, rotary.cos(), rotary.sin(), rotary.offset(position + 2 * kvHead));
                writer.putKey(layer, position, kvHead, head);
                writer.putValue(layer, position, kvHead, head);
            }
            step.attend(layer, queries, outputs);
            layer.settle();
        }
    }
}
