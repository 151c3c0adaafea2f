package io.alisa.host.jlama;

import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

import com.github.tjake.jlama.model.AbstractModel;
import com.github.tjake.jlama.model.CausalSelfAttention;
import com.github.tjake.jlama.model.DistributedContext;
import com.github.tjake.jlama.safetensors.Config;
import com.github.tjake.jlama.tensor.AbstractTensor;
import com.github.tjake.jlama.tensor.operations.TensorOperationsProvider;
import io.alisa.cache.KvFormat;

/** What surrounds attention in a layer: the host's projections, biases and reducer, by its own operations. */
final class AttentionLayer {
    private AttentionLayer() {
    }

    /** Fills query, key and value of {@code work} from the layer's input. */
    static void project(JlamaSession session, CausalSelfAttention layer, AbstractTensor<?, ?> input,
            LayerWork work) {
        Config config = JlamaAccess.config(layer);
        DistributedContext context = JlamaAccess.context(layer);
        clearIfBiased(JlamaAccess.queryBias(layer), work.query);
        if (session.kv().layout().format() == KvFormat.BF16) {
            work.query.clear(); // rotated in place by the layer before, and the host's operations may leave some as they were
        }
        clearIfBiased(JlamaAccess.keyBias(layer), work.key);
        clearIfBiased(JlamaAccess.valueBias(layer), work.value);
        session.projection().of(input, 0, config.embeddingLength)
                .into(work.query, JlamaAccess.queryWeights(layer), context.attentionSegmentStart,
                        context.attentionSegmentLength)
                .into(work.key, JlamaAccess.keyWeights(layer), context.kvSegmentStart,
                        context.kvSegmentLength)
                .into(work.value, JlamaAccess.valueWeights(layer), context.kvSegmentStart,
                        context.kvSegmentLength)
                .run();
        addBias(JlamaAccess.queryBias(layer), work.query, context.attentionSegmentStart,
                context.attentionSegmentLength);
        addBias(JlamaAccess.keyBias(layer), work.key, context.kvSegmentStart, context.kvSegmentLength);
        addBias(JlamaAccess.valueBias(layer), work.value, context.kvSegmentStart, context.kvSegmentLength);
    }

    /** What the host's operations leave uncomputed must be zero, not the bias of the layer before. */
    private static void clearIfBiased(Optional<AbstractTensor<?, ?>> bias, AbstractTensor<?, ?> target) {
        if (bias.isPresent()) {
            target.clear();
        }
    }

    private static void addBias(Optional<AbstractTensor<?, ?>> bias, AbstractTensor<?, ?> target, int offset,
            int length) {
        if (bias.isPresent()) {
            TensorOperationsProvider.get().accumulate(target, bias.get(), offset, length);
        }
    }

    /** The layer's output from what was attended; the caller closes it. */
    static AbstractTensor<?, ?> projectOutput(JlamaSession session, CausalSelfAttention layer, LayerWork work,
            Optional<Consumer<List<AbstractTensor<?, ?>>>> reducer) {
        AbstractModel model = JlamaAccess.model(layer);
        Config config = JlamaAccess.config(layer);
        DistributedContext context = JlamaAccess.context(layer);
        AbstractTensor<?, ?> result = model.makeDenseTensor(work.hidden);
        try (AbstractTensor<?, ?> attended = JlamaAccess.maybeQuantize(model, work.attended)) {
            session.projection().of(attended, context.attentionSegmentStart, context.attentionSegmentLength)
                    .into(result, JlamaAccess.outputWeights(layer), 0, config.embeddingLength).run();
        }
        if (reducer.isPresent()) {
            reducer.get().accept(List.of(result));
        }
        addBias(JlamaAccess.outputBias(layer), result, 0, config.embeddingLength);
        return result;
    }
}
