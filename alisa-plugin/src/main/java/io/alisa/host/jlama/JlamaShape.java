package io.alisa.host.jlama;

import com.github.tjake.jlama.model.AbstractModel;
import com.github.tjake.jlama.model.CausalSelfAttention;
import com.github.tjake.jlama.model.DistributedContext;
import com.github.tjake.jlama.model.ModelSupport.ModelType;
import com.github.tjake.jlama.safetensors.Config;
import com.github.tjake.jlama.safetensors.DType;
import io.alisa.cache.KvFormat;
import io.alisa.host.ModelShape;
import io.alisa.schedule.ModelDimensions;
import org.jspecify.annotations.Nullable;

/** Reads a model's shape. */
final class JlamaShape {
    private JlamaShape() {
    }

    /** The shape of the model a layer belongs to; null where the host is to be left alone. */
    static @Nullable ModelShape of(CausalSelfAttention layer) {
        AbstractModel model = JlamaAccess.model(layer);
        Config config = JlamaAccess.config(layer);
        DistributedContext context = JlamaAccess.context(layer);
        KvFormat format = format(model.getWorkingDType());
        boolean split = context.hasModelShard();
        boolean headsSplitEvenly = context.kvSegmentStart % config.headSize == 0
                && context.kvSegmentLength % config.headSize == 0 && context.kvSegmentLength > 0;
        if (isEncoder(model) || format == null || !headsSplitEvenly || (split && format == KvFormat.BF16)) {
            return null;
        }
        // The host counts the heads of a part by the hidden width, not by the heads' own (as it counts the KV
        // heads): where the two differ it attends fewer heads, and so do we.
        int heads = JlamaAccess.attentionLength(layer) / config.headSize;
        boolean hostArithmetic = format == KvFormat.BF16;
        int firstKvHead = hostArithmetic ? 0 : context.groupHeadStart;
        int kvHeads = hostArithmetic
                ? config.numberOfKeyValueHeads
                : context.groupHeadEnd - context.groupHeadStart;
        // Nor are there keys for all heads of such a part: the host attends them, and writes where nobody reads.
        int firstHead = Math.max(Math.min(context.headStart, heads), firstKvHead * config.headGroupSize);
        int endHead = Math.max(firstHead, Math.min(Math.min(context.headEnd, heads),
                (firstKvHead + kvHeads) * config.headGroupSize));
        return new ModelShape(model.getModelType().name(), context.numberOfLayers, config.contextLength,
                config.embeddingLength, firstKvHead, kvHeads, config.headGroupSize, firstHead, endHead,
                config.headSize, format, JlamaAccess.scale(layer),
                config.attnLogitSoftCapping == null ? 0 : config.attnLogitSoftCapping,
                (long) context.kvSegmentLength * format.bytes());
    }

    /**
     * What a cost model wants to know. The weights are counted as if all layers had a gated feed-forward part: a few per
     * cent off for families that do not, which the costs measured at run time make good.
     */
    static ModelDimensions dimensions(AbstractModel model, ModelShape shape) {
        Config config = model.getConfig();
        int heads = shape.kvHeads() * shape.groupSize();
        long attention = (long) config.embeddingLength * config.headSize * 2 * (heads + shape.kvHeads());
        long forward = 3L * config.embeddingLength * config.hiddenLength;
        long output = (long) config.embeddingLength * config.vocabularySize;
        return new ModelDimensions(shape.layers(), heads, shape.kvHeads(), shape.headSize(), config.embeddingLength,
                shape.layers() * (attention + forward) + output);
    }

    /** Bytes of a weight, about: blocks of Q4 and I8 weights have scales beside them. */
    static float bytesPerWeight(AbstractModel model) {
        return JlamaAccess.weightType(model) == DType.Q4 ? 0.625f : JlamaAccess.weightType(model).size();
    }

    /** Encoders see tokens in both directions and keep no KV from step to step. */
    static boolean isEncoder(AbstractModel model) {
        return model.getModelType() == ModelType.BERT;
    }

    static @Nullable KvFormat format(DType type) {
        return switch (type) {
            case F32 -> KvFormat.F32;
            case BF16 -> KvFormat.BF16;
            default -> null;
        };
    }
}
