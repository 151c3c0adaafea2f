package io.alisa.compat.bench;

import java.util.List;

/** How many tokens are measured: with {@code -Dbench.quick=true} only enough to try the benchmarks themselves. */
final class Sizes {
    static final boolean QUICK = Boolean.getBoolean("bench.quick");

    /** The last is far beyond any cache and stands for the memory's bandwidth. */
    static final List<Integer> KERNEL = QUICK
            ? List.of(1_024, 16_384)
            : List.of(1_024, 4_096, 8_192, 16_384, 32_768, 65_536);
    /** The first, where attention is next to nothing, stands for the rest of the layer. */
    static final List<Integer> LAYER = QUICK
            ? List.of(16, 16_384)
            : List.of(16, 1_024, 4_096, 16_384, 32_768, 65_536);
    static final List<Integer> FIXED_BUDGET = QUICK ? List.of(4_096, 65_536) : List.of(4_096, 16_384, 65_536);
    static final List<Integer> MODEL = List.of(32_768);
    static final List<Integer> DECODE = List.of(2_048);
    static final List<Integer> PREFILL = QUICK ? List.of(2_048) : List.of(2_048, 8_192);

    private Sizes() {
    }
}
