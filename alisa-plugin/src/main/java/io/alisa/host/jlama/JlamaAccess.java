package io.alisa.host.jlama;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.invoke.VarHandle;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ForkJoinPool;

import com.github.tjake.jlama.model.AbstractModel;
import com.github.tjake.jlama.model.CausalSelfAttention;
import com.github.tjake.jlama.model.DistributedContext;
import com.github.tjake.jlama.model.TransformerBlock;
import com.github.tjake.jlama.model.functions.EmbedInput;
import com.github.tjake.jlama.safetensors.Config;
import com.github.tjake.jlama.safetensors.DType;
import com.github.tjake.jlama.tensor.AbstractTensor;
import com.github.tjake.jlama.tensor.KvBufferCache;
import com.github.tjake.jlama.tensor.KvBufferCache.KvBuffer;
import com.github.tjake.jlama.util.PhysicalCoreExecutor;
import org.jspecify.annotations.Nullable;

/** Reads what Jlama does not publish. The agent checked that all of it is there before anything was woven. */
final class JlamaAccess {
    private static final VarHandle MODEL = field("m", AbstractModel.class);
    private static final VarHandle CONFIG = field("c", Config.class);
    private static final VarHandle LAYER_INDEX = field("layerIndex", int.class);
    private static final VarHandle CONTEXT = field("dctx", DistributedContext.class);
    private static final VarHandle QUERY_BIAS = field("queryAttnBias", Optional.class);
    private static final VarHandle KEY_BIAS = field("keyAttnBias", Optional.class);
    private static final VarHandle VALUE_BIAS = field("valueAttnBias", Optional.class);
    private static final VarHandle OUTPUT_BIAS = field("outputProjectionBias", Optional.class);
    private static final VarHandle QUERY_WEIGHTS = field("queryAttnWeights", AbstractTensor.class);
    private static final VarHandle KEY_WEIGHTS = field("keyAttnWeights", AbstractTensor.class);
    private static final VarHandle VALUE_WEIGHTS = field("valueAttnWeights", AbstractTensor.class);
    private static final VarHandle OUTPUT_WEIGHTS = field("outputProjectionWeights", AbstractTensor.class);
    private static final VarHandle SCALE = field("attentionScale", float.class);
    private static final VarHandle ATTENTION_LENGTH = field("attentionLength", int.class);
    private static final VarHandle BLOCKS = modelField("transformerBlocks", TransformerBlock[].class);
    private static final VarHandle EMBED_INPUT = modelField("embedInput", EmbedInput.class);
    private static final VarHandle WEIGHT_TYPE = modelField("modelDType", DType.class);
    private static final VarHandle ACTIVATION_TYPE = modelField("workingQType", DType.class);
    private static final VarHandle QUANTISED_TYPE = modelField("modelQType", Optional.class);
    private static final VarHandle ATTENTION = open(TransformerBlock.class, "attention", CausalSelfAttention.class);
    private static final VarHandle BUFFER_CACHE = open(KvBuffer.class, "this$0", KvBufferCache.class);
    private static final VarHandle CACHE_MODEL = open(KvBufferCache.class, "model", AbstractModel.class);
    private static final MethodHandle MAYBE_QUANTIZE = modelMethod("maybeQuantize",
            MethodType.methodType(AbstractTensor.class, AbstractTensor.class));

    private static final MethodHandle ADD_BOS = modelMethod("addBosToken", MethodType.methodType(boolean.class));
    private static final VarHandle SESSION = open(KvBuffer.class, "session", UUID.class);
    private static final VarHandle EPHEMERAL = open(KvBuffer.class, "ephemeral", boolean.class);

    private static final VarHandle POOL = open(PhysicalCoreExecutor.class, "pool", ForkJoinPool.class);

    private JlamaAccess() {
    }

    private static VarHandle field(String name, Class<?> type) {
        return open(CausalSelfAttention.class, name, type);
    }

    private static VarHandle modelField(String name, Class<?> type) {
        return open(AbstractModel.class, name, type);
    }

    private static VarHandle open(Class<?> owner, String name, Class<?> type) {
        try {
            return MethodHandles.privateLookupIn(owner, MethodHandles.lookup()).findVarHandle(owner, name,
                    type);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("This host has no field " + owner.getName() + "." + name, e);
        }
    }

    private static MethodHandle modelMethod(String name, MethodType type) {
        try {
            return MethodHandles.privateLookupIn(AbstractModel.class, MethodHandles.lookup())
                    .findVirtual(AbstractModel.class, name, type);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("This host has no method " + name + type, e);
        }
    }

    static ForkJoinPool pool(PhysicalCoreExecutor executor) {
        return (ForkJoinPool) POOL.get(executor);
    }

    static AbstractModel model(CausalSelfAttention layer) {
        return (AbstractModel) MODEL.get(layer);
    }

    static Config config(CausalSelfAttention layer) {
        return (Config) CONFIG.get(layer);
    }

    static int layerIndex(CausalSelfAttention layer) {
        return (int) LAYER_INDEX.get(layer);
    }

    static DistributedContext context(CausalSelfAttention layer) {
        return (DistributedContext) CONTEXT.get(layer);
    }

    @SuppressWarnings("unchecked")
    static Optional<AbstractTensor<?, ?>> queryBias(CausalSelfAttention layer) {
        return (Optional<AbstractTensor<?, ?>>) QUERY_BIAS.get(layer);
    }

    @SuppressWarnings("unchecked")
    static Optional<AbstractTensor<?, ?>> keyBias(CausalSelfAttention layer) {
        return (Optional<AbstractTensor<?, ?>>) KEY_BIAS.get(layer);
    }

    @SuppressWarnings("unchecked")
    static Optional<AbstractTensor<?, ?>> valueBias(CausalSelfAttention layer) {
        return (Optional<AbstractTensor<?, ?>>) VALUE_BIAS.get(layer);
    }

    @SuppressWarnings("unchecked")
    static Optional<AbstractTensor<?, ?>> outputBias(CausalSelfAttention layer) {
        return (Optional<AbstractTensor<?, ?>>) OUTPUT_BIAS.get(layer);
    }

    static AbstractTensor<?, ?> queryWeights(CausalSelfAttention layer) {
        return (AbstractTensor<?, ?>) QUERY_WEIGHTS.get(layer);
    }

    static AbstractTensor<?, ?> keyWeights(CausalSelfAttention layer) {
        return (AbstractTensor<?, ?>) KEY_WEIGHTS.get(layer);
    }

    static AbstractTensor<?, ?> valueWeights(CausalSelfAttention layer) {
        return (AbstractTensor<?, ?>) VALUE_WEIGHTS.get(layer);
    }

    static AbstractTensor<?, ?> outputWeights(CausalSelfAttention layer) {
        return (AbstractTensor<?, ?>) OUTPUT_WEIGHTS.get(layer);
    }

    static float scale(CausalSelfAttention layer) {
        return (float) SCALE.get(layer);
    }

    static int attentionLength(CausalSelfAttention layer) {
        return (int) ATTENTION_LENGTH.get(layer);
    }

    static TransformerBlock[] blocks(AbstractModel model) {
        return (TransformerBlock[]) BLOCKS.get(model);
    }

    static CausalSelfAttention attention(TransformerBlock block) {
        return (CausalSelfAttention) ATTENTION.get(block);
    }

    /** The model whose keys and values a cache object is for. */
    static AbstractModel model(KvBuffer buffer) {
        return (AbstractModel) CACHE_MODEL.get((KvBufferCache) BUFFER_CACHE.get(buffer));
    }

    /** Turns token ids into the first layer's input; null in a part of a model that does not begin with it. */
    static @Nullable EmbedInput embedInput(AbstractModel model) {
        return (EmbedInput) EMBED_INPUT.get(model);
    }

    /** What the weights are stored as. */
    static DType weightType(AbstractModel model) {
        return (DType) WEIGHT_TYPE.get(model);
    }

    /** What the weights were converted to when the model was loaded; empty where they were not. */
    static Optional<?> quantisedType(AbstractModel model) {
        return (Optional<?>) QUANTISED_TYPE.get(model);
    }

    /** What activations are converted to before they are multiplied with weights. */
    static DType activationType(AbstractModel model) {
        return (DType) ACTIVATION_TYPE.get(model);
    }

    /** Whether {@code generate} begins every prompt with the token that marks the beginning of a text. */
    static boolean addsBeginning(AbstractModel model) {
        try {
            return (boolean) ADD_BOS.invoke(model);
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException("The host can't say how prompts begin", e);
        }
    }

    /** The id the host knows a buffer by. */
    static UUID id(KvBuffer buffer) {
        return (UUID) SESSION.get(buffer);
    }

    /** Whether the host made a buffer for a single use. */
    static boolean isEphemeral(KvBuffer buffer) {
        return (boolean) EPHEMERAL.get(buffer);
    }

    /** Converts activations to what the model's weights are multiplied with, as the model itself does. */
    static AbstractTensor<?, ?> maybeQuantize(AbstractModel model, AbstractTensor<?, ?> tensor) {
        try {
            return (AbstractTensor<?, ?>) MAYBE_QUANTIZE.invoke(model, tensor);
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException("The host can't convert an activation", e);
        }
    }
}
