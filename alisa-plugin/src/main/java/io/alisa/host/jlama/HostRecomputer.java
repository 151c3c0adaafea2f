package io.alisa.host.jlama;

import java.util.Optional;

import com.github.tjake.jlama.model.AbstractModel;
import com.github.tjake.jlama.model.CausalSelfAttention;
import com.github.tjake.jlama.model.TransformerBlock;
import com.github.tjake.jlama.model.functions.EmbedInput;
import com.github.tjake.jlama.tensor.AbstractTensor;
import com.github.tjake.jlama.tensor.KvBufferCache.KvBuffer;
import io.alisa.cache.KvLayer;
import io.alisa.cache.Recomputer;
import org.jspecify.annotations.Nullable;

/**
 * Computes deleted tokens again through the host's own blocks, within a step of the same session: the host's embedding,
 * then one block after the other, which come back to {@link #attend} for their attention.
 *
 * <p>Used under the session's lock.
 */
final class HostRecomputer implements Recomputer {
    private final JlamaSession session;
    private final FloatAttention attention;
    private final @Nullable String objection;
    /** Known during a step only: they must not be kept from being collected. */
    private @Nullable AbstractModel model;
    private @Nullable KvBuffer buffer;
    private @Nullable KvLayer view;
    private @Nullable LayerWork work;

    /** @param attention of its own: that of the session is in the midst of a step */
    HostRecomputer(JlamaSession session, FloatAttention attention, @Nullable String objection) {
        this.session = session;
        this.attention = attention;
        this.objection = objection;
    }

    /** Says on whose behalf the host calls. */
    void enter(AbstractModel ofStep, KvBuffer kvBuffer) {
        model = ofStep;
        buffer = kvBuffer;
    }

    void leave() {
        model = null;
        buffer = null;
    }

    @Override
    public @Nullable String objection() {
        return objection;
    }

    @Override
    public long stateBytes(int tokens) {
        return (long) tokens * session.shape().hidden() * session.shape().format().bytes();
    }

    private AbstractModel model() {
        AbstractModel known = model;
        if (known == null) {
            throw new IllegalStateException("Tokens are computed again outside of a step");
        }
        return known;
    }

    @Override
    public State begin(int start, int[] tokens) {
        EmbedInput embedding = JlamaAccess.embedInput(model());
        if (embedding == null) {
            throw new IllegalStateException("The model has no embedding");
        }
        return new Batch(start, embedding.batchInputsToEmbeddings(tokens, start));
    }

    /** A layer's attention for a batch that is computed again. */
    AbstractTensor<?, ?> attend(CausalSelfAttention layer, AbstractTensor<?, ?> input, int start) {
        KvLayer into = view;
        if (into == null) {
            throw new IllegalStateException("The host attends within a step of the same session");
        }
        int batch = input.shape().first();
        LayerWork with = work;
        if (with == null || with.batch() != batch) {
            with = new LayerWork(model(), session.attentionShape(), batch);
            work = with;
        }
        AttentionLayer.project(session, layer, input, with);
        attention.runAgain(into, with, start);
        return AttentionLayer.projectOutput(session, layer, with, Optional.empty());
    }

    /** The hidden state of a batch. */
    @SuppressWarnings("rawtypes")
    private final class Batch implements State {
        private final int start;
        private AbstractTensor hidden;

        Batch(int start, AbstractTensor embedding) {
            this.start = start;
            this.hidden = embedding;
        }

        @Override
        public void advance(int layer, KvLayer into) {
            TransformerBlock block = JlamaAccess.blocks(model())[layer];
            AbstractTensor before = hidden;
            view = into;
            try {
                hidden = block.forward(before, start, buffer, Optional.empty());
            } finally {
                view = null;
            }
            before.close();
        }

        @Override
        public void close() {
            hidden.close();
            work = null; // large
        }
    }
}
