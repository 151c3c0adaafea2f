package io.alisa.host.jlama;

import java.lang.foreign.MemorySegment;

import io.alisa.attention.AttentionKernels;
import io.alisa.attention.AttentionShape;
import io.alisa.attention.DigestWriter;
import io.alisa.attention.KvWriter;
import io.alisa.attention.OrderedAttention;
import io.alisa.attention.RotaryTable;
import io.alisa.attention.SignedHadamard;
import io.alisa.cache.KvLayer;
import io.alisa.host.ModelShape;
import io.alisa.parallel.Job;
import io.alisa.parallel.WorkerTeam;
import org.jspecify.annotations.Nullable;

/**
 * Attention between the projections by our own arithmetic, in floats: rotates and stores the new keys and values, then runs our
 * kernels over the session's KV.
 *
 * <p>Owned by one session; a decode step allocates nothing.
 */
final class FloatAttention {
    private final JlamaSession session;
    private final ModelShape model;
    private final AttentionShape shape;
    private final AttentionKernels kernels;
    private final WorkerTeam team;
    private final Job append = this::append;
    private final float[][] heads;
    private final KvWriter writer;
    private final Floats floats;
    /** Null in exact mode, which must round as the host does. */
    private final @Nullable SignedHadamard spread;

    private KvLayer layer;
    private @Nullable LayerWork work;
    private int start;
    /** The kernels want scaled queries; in the host's order the scores are scaled instead. */
    private float queryScale;

    FloatAttention(JlamaSession session, AttentionKernels kernels, WorkerTeam team) {
        this.session = session;
        this.model = session.shape();
        this.shape = session.attentionShape();
        this.kernels = kernels;
        this.team = team;
        this.layer = session.kv().layer(0);
        this.writer = new KvWriter(kernels);
        this.floats = Floats.of(model.format());
        this.spread = session.mode().exact() ? null : new SignedHadamard(shape.headSize());
        this.heads = new float[team.size()][shape.headSize()];
    }

    /** Reads queries, keys and values of {@code batch} positions from {@code step}, writes {@code attended}. */
    void run(int index, LayerWork step, int startPosition) {
        try {
            attend(index, step, startPosition);
        } finally {
            work = null; // whatever fails: that of a prompt is large, and the session may be kept
        }
    }

    private void attend(int index, LayerWork step, int startPosition) {
        KvLayer kv = session.kv().layer(index);
        OrderedAttention ordered = session.ordered();
        store(kv, step, startPosition, ordered == null ? model.scale() : 1f);
        int batch = step.batch();
        DigestWriter digests = session.digests();
        if (digests != null) {
            digests.update(kv);
        }
        kv.pin();
        try {
            if (ordered != null) {
                ordered.run(kv, start, batch, step.queries, step.outputs);
            } else {
                session.attend(index, kv, start, batch, step.queries, step.outputs);
            }
        } finally {
            kv.unpin();
        }
        kv.settle();
        session.kv().layerDone(index, batch);
        writeBack(step);
    }

    /** As {@link #run} for a batch of which a part was deleted: the same arithmetic, and nothing is counted or chosen by. */
    void runAgain(KvLayer view, LayerWork step, int startPosition) {
        try {
            store(view, step, startPosition, model.scale());
            session.prefill().run(view, startPosition, step.batch(), step.queries, step.outputs);
            writeBack(step);
        } finally {
            work = null;
        }
    }

    /** Stores the new keys and values and prepares the queries. */
    private void store(KvLayer kv, LayerWork step, int startPosition, float scale) {
        layer = kv;
        work = step;
        start = startPosition;
        queryScale = scale;
        int batch = step.batch();
        RotaryTable rotary = session.rotary();
        if (rotary != null) {
            rotary.prepare(start, batch + 2 * (model.firstKvHead() + model.kvHeads() - 1));
        }
        if (batch == 1) {
            for (int kvHead = 0; kvHead < shape.kvHeads(); kvHead++) {
                append(kvHead, 0);
            }
        } else {
            team.run(append, shape.kvHeads());
        }
    }

    /** Stores a KV head's new keys and values and prepares the queries of its group. */
    private void append(int kvHead, int worker) {
        LayerWork step = work;
        if (step == null) {
            throw new IllegalStateException("No step is being worked on");
        }
        float[] head = heads[worker];
        int kvWidth = step.key.shape().last();
        int kvColumn = (model.firstKvHead() + kvHead) * shape.headSize();
        for (int position = 0; position < step.batch(); position++) {
            read(step.key.getMemorySegment(), position * kvWidth + kvColumn, head, 0);
            rotate(head, 0, kvHead, position);
            spread(head, 0);
            writer.putKey(layer, start + position, kvHead, head);
            read(step.value.getMemorySegment(), position * kvWidth + kvColumn, head, 0);
            writer.putValue(layer, start + position, kvHead, head);
        }
        prepareQueries(step, kvHead);
    }

    private void prepareQueries(LayerWork step, int kvHead) {
        int width = step.query.shape().last();
        MemorySegment source = step.query.getMemorySegment();
        for (int position = 0; position < step.batch(); position++) {
            for (int g = 0; g < shape.groupSize(); g++) {
                int head = (model.firstKvHead() + kvHead) * shape.groupSize() + g;
                int to = shape.row(kvHead, position, g, step.batch()) * shape.rowStride();
                read(source, position * width + head * shape.headSize(), step.queries, to);
                rotate(step.queries, to, kvHead, position);
                spread(step.queries, to);
                for (int i = 0; i < shape.headSize(); i++) {
                    step.queries[to + i] *= queryScale;
                }
            }
        }
    }

    /** The host rotates KV head {@code h} and its queries as if they stood {@code 2h} positions later. */
    private void rotate(float[] x, int offset, int kvHead, int position) {
        RotaryTable rotary = session.rotary();
        if (rotary != null) {
            int row = rotary.offset(start + position + 2 * (model.firstKvHead() + kvHead));
            kernels.rotate(x, offset, shape.headSize(), rotary.cos(), rotary.sin(), row);
        }
    }

    private void spread(float[] x, int offset) {
        if (spread != null) {
            spread.apply(x, offset);
        }
    }

    private void writeBack(LayerWork step) {
        int width = step.attended.shape().last();
        MemorySegment target = step.attended.getMemorySegment();
        for (int head = model.firstHead(); head < model.endHead(); head++) {
            int kvHead = head / shape.groupSize() - model.firstKvHead();
            int g = head % shape.groupSize();
            for (int position = 0; position < step.batch(); position++) {
                int from = shape.row(kvHead, position, g, step.batch()) * shape.rowStride();
                floats.write(step.outputs, from, target, position * width + head * shape.headSize(),
                        shape.headSize());
            }
        }
    }

    private void read(MemorySegment source, int index, float[] target, int offset) {
        floats.read(source, index, target, offset, shape.headSize());
    }
}
