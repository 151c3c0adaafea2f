package io.alisa.host.jlama;

import com.github.tjake.jlama.model.AbstractModel;
import com.github.tjake.jlama.model.ModelSupport.ModelType;
import com.github.tjake.jlama.safetensors.DType;
import com.github.tjake.jlama.tensor.operations.TensorOperationsProvider;
import com.github.tjake.jlama.util.MachineSpec;
import io.alisa.attention.SummationOrder;
import org.jspecify.annotations.Nullable;

/**
 * In which order the host computes: whether a model's attention must repeat that order, and whether it depends on the batch a
 * token comes in.
 */
final class HostOrder {
    /** The host's C code: 256-bit vectors whatever the processor has, lanes added one after the other. */
    private static final SummationOrder NATIVE = new SummationOrder(8, false);

    private HostOrder() {
    }

    /**
     * The order of a score's sum in the host's operations; null where it does not matter. It does where activations are
     * rounded to BF16 or I8 right after attention: there a difference in the last bit of a float can grow into one in
     * the third digit, and now and then into another token.
     */
    static @Nullable SummationOrder of(AbstractModel model) {
        if (JlamaAccess.activationType(model) == DType.F32) {
            return null;
        }
        SummationOrder order = isNative() ? NATIVE : panama();
        return order != null && model.getConfig().headSize % order.lanes() == 0 ? order : null;
    }

    /**
     * Whether a token's last bits are the same in whatever batch it comes, or alone. So it is with the Panama operations, whose
     * products sum up each row by itself, as all attention here does. Not with the native ones: what they leave uncomputed of
     * products with many rows depends on the batch. Nor with experts, whom the host has work on a batch in fields they share.
     * Nor with BF16 as the working type. And F32 products of the Panama operations change their last bits when they are
     * compiled: there batches count.
     */
    static boolean isOfAnyBatch(AbstractModel model) {
        return !isNative() && model.getWorkingDType() == DType.F32 && model.getModelType() != ModelType.MIXTRAL
                && JlamaAccess.activationType(model) != DType.F32;
    }

    private static boolean isNative() {
        return TensorOperationsProvider.get().name().startsWith("Native");
    }

    /** Vectors of the preferred size; their reduction, compiled, adds halves. */
    private static @Nullable SummationOrder panama() {
        return switch (MachineSpec.VECTOR_TYPE) {
            case AVX_512 -> new SummationOrder(16, true);
            case AVX_256 -> new SummationOrder(8, true);
            case ARM_128 -> new SummationOrder(4, true);
            case NONE -> null;
        };
    }
}
