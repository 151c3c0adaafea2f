package io.alisa.compat.simulate;

import java.util.List;

import io.alisa.schedule.ModelDimensions;

/**
 * A model, by its published shape.
 *
 * @param name       the model
 * @param dimensions its shape
 */
public record SimulatedModel(String name, ModelDimensions dimensions) {
    private static final int FP16 = 2;

    static final SimulatedModel OPT_6B = of("OPT-6.7B", 32, 32, 32, 6.66);
    static final SimulatedModel OPT_13B = of("OPT-13B", 40, 40, 40, 12.85);
    static final SimulatedModel OPT_30B = of("OPT-30B", 48, 56, 56, 29.97);
    static final SimulatedModel LLAMA_7B = of("LLaMA-7B", 32, 32, 32, 6.74);
    static final SimulatedModel LLAMA_13B = of("LLaMA-13B", 40, 40, 40, 13.02);
    static final SimulatedModel LLAMA_33B = of("LLaMA-33B", 60, 52, 52, 32.53);
    static final SimulatedModel LLAMA_31_8B = of("Llama-3.1-8B", 32, 32, 8, 8.03);
    static final SimulatedModel QWEN_25_7B = of("Qwen2.5-7B", 28, 28, 4, 7.62);

    /** The paper's models and today's with grouped heads; heads of 128 all. */
    private static SimulatedModel of(String name, int layers, int heads, int kvHeads, double billions) {
        return new SimulatedModel(name,
                new ModelDimensions(layers, heads, kvHeads, 128, heads * 128, Math.round(billions * 1e9)));
    }

    static List<SimulatedModel> all() {
        return List.of(OPT_6B, LLAMA_7B, OPT_13B, LLAMA_13B, OPT_30B, LLAMA_33B, LLAMA_31_8B, QWEN_25_7B);
    }

    /** FP16, all of them. */
    public double weightBytes() {
        return (double) FP16 * dimensions.parameters();
    }
}
