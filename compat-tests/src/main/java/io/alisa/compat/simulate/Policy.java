package io.alisa.compat.simulate;

import java.util.List;

import io.alisa.schedule.KvPrecision;

/** Who decides what is kept where. */
public enum Policy {
    /** Sparse attention, INT8, three phases. */
    ALISA("ALISA", true, KvPrecision.INT8),
    /** The same with KV in FP16. */
    ALISA_FP16("ALISA, FP16 KV", true, KvPrecision.F16),
    /** As that, but nothing is ever deleted: phases I and II. */
    NO_RECOMPUTATION("ALISA, FP16 KV, no recomputation", true, KvPrecision.F16),
    /** All tokens attended: what the three phases alone bring. */
    DENSE_PHASES("three phases, dense, FP16 KV", false, KvPrecision.F16),
    /** FlexGen's way: of every token the same share is on the GPU; transfer hides behind computing as far as it can. */
    STATIC_SPLIT("static split", false, KvPrecision.F16),
    /** All KV on the CPU; transfer hidden likewise. */
    FULL_OFFLOAD("full offload", false, KvPrecision.F16),
    /** What the GPU can't hold is deleted, and recomputed by replay in every step. */
    ALL_RECOMPUTE("all recompute", false, KvPrecision.F16);

    private final String title;
    private final boolean sparse;
    private final KvPrecision precision;

    Policy(String title, boolean sparse, KvPrecision precision) {
        this.title = title;
        this.sparse = sparse;
        this.precision = precision;
    }

    static List<Policy> all() {
        return List.of(values());
    }

    public String title() {
        return title;
    }

    boolean sparse() {
        return sparse;
    }

    KvPrecision precision() {
        return precision;
    }

    /** Whether transfer and computing overlap. The paper's scheduler does one after the other (Algorithm 2). */
    boolean overlaps() {
        return this == STATIC_SPLIT || this == FULL_OFFLOAD;
    }
}
