package io.alisa.schedule;

import java.util.SplittableRandom;

/** Models and cost models of the tests. */
final class Models {
    /** Llama-3.2-1B: 16 layers, 32 heads, 8 KV heads of 64, 2048 wide. */
    static final ModelDimensions LLAMA_1B = new ModelDimensions(16, 32, 8, 64, 2048, 1_236_000_000L);
    /** OPT-6.7B: one KV head per head. */
    static final ModelDimensions OPT_6B = new ModelDimensions(32, 32, 32, 128, 4096, 6_700_000_000L);

    private Models() {
    }

    static CostModel costs(ByteModel bytes, AccessPattern access) {
        return new CostModel(bytes, HardwareProfile.assumed(), access, 2.0 * bytes.model().parameters());
    }

    static HardwareProfile machine(SplittableRandom random) {
        return HardwareProfile.described("random", rate(random, 1e10), rate(random, 1e12), rate(random, 1e9));
    }

    /** From a hundredth of {@code middle} to a hundred times that. */
    private static double rate(SplittableRandom random, double middle) {
        return middle * Math.pow(10, random.nextDouble(-2, 2));
    }
}
