package io.alisa.sparse;

import io.alisa.attention.AttentionShape;
import io.alisa.cache.KvLayer;
import io.alisa.telemetry.AttentionSampleEvent;
import io.alisa.telemetry.Recordings;

/**
 * Compares a sample of the sparse steps with dense attention: how much of the attention's mass fell on what was
 * attended. One KV head of one layer at a time, in turn and ever more seldom, so that it costs little and allocates nothing; while a
 * recording listens, more often and with ranks.
 */
final class AttentionAudit {
    /** Most steps between samples while nobody listens: at first they are closer. */
    private static final int RARELY = 512;
    /** Steps between samples while somebody does. */
    private static final int OFTEN = 8;
    /** An entry below this share of its row's maximum counts as zero (paper, section on attention sparsity). */
    private static final double NEGLIGIBLE = 0.01;

    private final String policy;
    private final AttentionShape shape;
    private final SparseScratch scratch;
    private final int layers;
    private long steps;
    /** The step of the last sample, and of the next one if nobody listens. */
    private long last;
    private long next = OFTEN;
    private long samples;
    private long counted;
    private double keptMass;

    AttentionAudit(String policy, SparseScratch scratch, int layers) {
        this.policy = policy;
        this.scratch = scratch;
        this.shape = scratch.shape;
        this.layers = layers;
    }

    /** Mean share of the attention's mass that was kept; 1 as long as there was no sample. */
    double keptMass() {
        return counted == 0 ? 1 : keptMass / counted;
    }

    /** Called after each layer's sparse step. */
    void step(int layer, KvLayer kv, float[] queries) {
        if (layer == 0) {
            steps++;
        }
        boolean listening = Recordings.areOn() && AttentionSampleEvent.isOn();
        // It reads all keys, and must not be why deleted ones are computed again.
        if (steps >= (listening ? last + OFTEN : next) && samples % layers == layer && kv.isComplete()) {
            last = steps;
            next = steps + Math.min(steps, RARELY);
            sample(layer, (int) (samples / layers % shape.kvHeads()), kv, queries, listening);
        }
    }

    private void sample(int layer, int kvHead, KvLayer kv, float[] queries, boolean listening) {
        int tokens = kv.tokens();
        AttentionWeights dense = scratch.weights;
        dense.compute(kv, kvHead, queries, kvHead * shape.groupSize(), scratch.allUpTo(tokens - 1), tokens);
        int[] attended = scratch.selection.positions(kvHead);
        int count = scratch.selection.count(kvHead);
        double kept = 0;
        for (int g = 0; g < shape.groupSize(); g++) {
            kept += kept(dense, g, tokens, attended, count);
        }
        kept /= shape.groupSize();
        samples++;
        if (!Double.isNaN(kept)) { // as in a model that overflows: the mean of the others says more
            keptMass += kept;
            counted++;
        }
        if (listening) {
            AttentionSampleEvent.emit(policy, layer, tokens, count, kept, sparsity(dense, tokens),
                    rankCorrelation(dense, tokens, attended, count));
        }
    }

    private static double kept(AttentionWeights dense, int g, int tokens, int[] attended, int count) {
        double kept = 0;
        for (int i = 0; i < count; i++) {
            kept += dense.of(g, attended[i], tokens);
        }
        return kept;
    }

    private double sparsity(AttentionWeights dense, int tokens) {
        long negligible = 0;
        for (int g = 0; g < shape.groupSize(); g++) {
            double max = 0;
            for (int i = 0; i < tokens; i++) {
                max = Math.max(max, dense.of(g, i, tokens));
            }
            for (int i = 0; i < tokens; i++) {
                if (dense.of(g, i, tokens) < NEGLIGIBLE * max) {
                    negligible++;
                }
            }
        }
        return negligible / (double) ((long) tokens * shape.groupSize());
    }

    /**
     * The paper's measure: weights over the attended tokens alone, summed over the query heads of the group, with the dense
     * ones. Those left out weigh nothing, also where the policy estimates them together.
     */
    private double rankCorrelation(AttentionWeights dense, int tokens, int[] attended, int count) {
        double[] full = new double[tokens];
        double[] sparse = new double[tokens];
        for (int g = 0; g < shape.groupSize(); g++) {
            double kept = kept(dense, g, tokens, attended, count);
            for (int i = 0; i < tokens; i++) {
                full[i] += dense.of(g, i, tokens);
            }
            for (int i = 0; i < count && kept > 0; i++) {
                sparse[attended[i]] += dense.of(g, attended[i], tokens) / kept;
            }
        }
        return RankCorrelation.of(full, sparse);
    }
}
