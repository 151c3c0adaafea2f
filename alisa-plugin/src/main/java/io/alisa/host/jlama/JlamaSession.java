package io.alisa.host.jlama;

import java.lang.ref.WeakReference;

import com.github.tjake.jlama.model.AbstractModel;
import com.github.tjake.jlama.safetensors.Config;
import com.github.tjake.jlama.tensor.TensorShape;
import io.alisa.attention.AttentionKernels;
import io.alisa.attention.OrderedAttention;
import io.alisa.attention.RotaryTable;
import io.alisa.attention.SummationOrder;
import io.alisa.cache.KvFormat;
import io.alisa.cache.KvMemory;
import io.alisa.host.HostSession;
import io.alisa.host.ModelShape;
import io.alisa.host.SessionMode;
import io.alisa.host.SessionSchedule;
import io.alisa.parallel.WorkerTeam;
import io.alisa.schedule.ModelDimensions;
import org.jspecify.annotations.Nullable;

/** A session of a Jlama model: adds the tensors and arrays its steps reuse. */
final class JlamaSession extends HostSession {
    /**
     * Only woven classes hold the adapter else, by constants that an agent which transforms them again makes the JVM forget.
     * Another adapter could not go on with this session.
     */
    @SuppressWarnings("unused")
    private final JlamaHost adapter;
    /** Weakly: what the host abandons must not be kept by what we keep for it. */
    private final WeakReference<AbstractModel> model;
    private final @Nullable RotaryTable rotary;
    private final LayerWork decodeWork;
    private @Nullable LayerWork batchWork;
    private final @Nullable OrderedAttention ordered;
    private final FloatAttention attention;
    private final Projection projection;
    private final HostRecomputer recomputer;

    /** @param objection why deleted tokens can't be computed again; null where they can */
    JlamaSession(JlamaHost adapter, ModelShape shape, SessionMode mode, KvMemory memory, AbstractModel model,
            AttentionKernels kernels, WorkerTeam team, @Nullable String objection) {
        super(shape, mode, memory, kernels, team);
        this.adapter = adapter;
        this.model = new WeakReference<>(model);
        boolean made = false;
        try {
            Config config = model.getConfig();
            this.rotary = config.ropeFreqs.map(pairs -> new RotaryTable(pairs, config.headSize)).orElse(null);
            this.decodeWork = new LayerWork(model, attentionShape(), 1);
            SummationOrder order = mode.exact() ? HostOrder.of(model) : null;
            this.ordered = order == null
                    ? null
                    : new OrderedAttention(attentionShape(), kernels, team, kv().layer(0), order, shape.scale());
            if (ordered != null) {
                kv().countHeap(OrderedAttention.heapBytesPerToken(attentionShape(), team.size()));
            }
            this.attention = new FloatAttention(this, kernels, team);
            this.projection = new Projection(team);
            this.recomputer = new HostRecomputer(this, new FloatAttention(this, kernels, team), objection);
            kv().setRecomputer(recomputer);
            if (kv().layout().format() == KvFormat.INT8) {
                ModelDimensions dimensions = JlamaShape.dimensions(model, shape);
                follow(new SessionSchedule(shape, mode, memory, dimensions,
                        (double) dimensions.parameters() * JlamaShape.bytesPerWeight(model), objection == null));
            }
            made = true;
        } finally {
            if (!made) {
                close(); // the machine has no memory for what its steps take
            }
        }
    }

    /** The model whose session this is; null where it is gone. */
    @Nullable
    AbstractModel model() {
        return model.get();
    }

    /** Computes deleted tokens again. */
    HostRecomputer recomputer() {
        return recomputer;
    }

    /** Cosines and sines; null for a model without rotary embedding. */
    @Nullable
    RotaryTable rotary() {
        return rotary;
    }

    /** Attention in the host's order of arithmetic, for models that need it; else null. */
    @Nullable
    OrderedAttention ordered() {
        return ordered;
    }

    FloatAttention attention() {
        return attention;
    }

    Projection projection() {
        return projection;
    }

    @Override
    public void rest() {
        kv().lock().lock(); // a step may be under way yet
        try {
            batchWork = null;
            if (ordered != null) {
                ordered.rest();
            }
        } finally {
            kv().lock().unlock();
        }
        super.rest();
    }

    /** Scratch memory for a batch. A decode step drops that of the prompt, which is large. */
    LayerWork work(AbstractModel model, int batch) {
        if (batch == 1) {
            batchWork = null;
            return decodeWork;
        }
        LayerWork existing = batchWork;
        if (existing == null || existing.batch() != batch) {
            existing = new LayerWork(model, attentionShape(), batch);
            batchWork = existing;
        }
        return existing;
    }

    /** Shape of a layer's output. */
    static TensorShape hiddenShape(AbstractModel model, int batch) {
        return TensorShape.of(batch, model.getConfig().embeddingLength);
    }
}
