package io.alisa.compat.scenario;

import com.github.tjake.jlama.safetensors.DType;
import java.util.Optional;

/**
 * The types a model is loaded with.
 *
 * @param working   type of activations and KV
 * @param quantised type that activations are quantised to before they meet quantised weights
 * @param weights   type the host quantises the weights to while loading; empty: as they are stored
 */
public record Types(DType working, DType quantised, Optional<DType> weights) {
    public static final Types F32 = new Types(DType.F32, DType.F32, Optional.empty());
    /** What chat clients ask for: the host itself then falls back to what it can do with the stored weights. */
    public static final Types F32_I8 = new Types(DType.F32, DType.I8, Optional.empty());
    public static final Types BF16 = new Types(DType.BF16, DType.BF16, Optional.empty());
    /** Weights Q4, activations F32. */
    public static final Types Q4_F32 = new Types(DType.F32, DType.F32, Optional.of(DType.Q4));
    /** Weights Q4, activations I8. */
    public static final Types Q4_I8 = new Types(DType.F32, DType.I8, Optional.of(DType.Q4));

    String write() {
        return working + "," + quantised + "," + weights.map(DType::name).orElse("-");
    }

    static Types read(String text) {
        String[] parts = text.split(",", -1);
        return new Types(DType.valueOf(parts[0]), DType.valueOf(parts[1]),
                parts[2].equals("-") ? Optional.empty() : Optional.of(DType.valueOf(parts[2])));
    }
}
