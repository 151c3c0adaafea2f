package io.alisa.sparse;

import java.util.List;

import io.alisa.attention.AttentionKernels;
import io.alisa.attention.AttentionShape;
import io.alisa.cache.KvLayer;
import io.alisa.cache.KvSession;
import io.alisa.parallel.WorkerTeam;

/**
 * Sparse attention in the layers of one session. Used by one thread at a time.
 */
public final class SparseSession {
    private final Budget budget;
    private final AttentionShape shape;
    private final Selection selection;
    private final SparseAttention[] layers;
    private final AttentionAudit audit;
    private long attended;
    private long recalled;
    /** Of the step at hand: one that fails does not count. */
    private long attendedInStep;
    private long recalledInStep;
    private long selectNanos;
    private long attendNanos;

    /**
     * @param policy one of the names in {@link Policies}
     * @param kv     digested where the policy {@link Policies#needsDigests needs} it
     */
    public SparseSession(String policy, Budget budget, KvSession kv, AttentionShape shape, AttentionKernels kernels,
            WorkerTeam team) {
        this(policy, budget, kv, shape, kernels, team, SketchSelector.NEARLY);
    }

    /** @param nearly one in so many tokens that {@code swa} wants may be missed */
    SparseSession(String policy, Budget budget, KvSession kv, AttentionShape shape, AttentionKernels kernels,
            WorkerTeam team, int nearly) {
        this.budget = budget;
        this.shape = shape;
        SparseScratch scratch = new SparseScratch(kv, shape, kernels, team);
        this.selection = scratch.selection;
        kv.countHeap(HeapBytes.perToken(policy, shape, kv.layerCount(), team.size()));
        this.audit = new AttentionAudit(policy, scratch, kv.layerCount());
        this.layers = new SparseAttention[kv.layerCount()];
        // One for all layers: it remembers nothing from step to step.
        TokenSelector sketches = Policies.needsDigests(policy)
                ? new SketchSelector(budget, shape, kernels, team.size(), kv.layer(0), nearly)
                : null;
        for (int i = 0; i < layers.length; i++) {
            TokenSelector selector = sketches == null ? Policies.selector(policy, budget, shape) : sketches;
            layers[i] = new SparseAttention(kv.layer(i), selector, scratch);
        }
    }

    /** Whether a step over {@code tokens} tokens is sparse at all. */
    public boolean isSparse(int tokens) {
        return !budget.isDense(tokens);
    }

    /** A sparse step, see {@link SparseAttention#run}. */
    public void decode(int layer, KvLayer kv, float[] queries, float[] outputs) {
        SparseAttention attention = layers[layer];
        attention.run(kv, queries, outputs);
        int count = 0;
        for (int head = 0; head < shape.kvHeads(); head++) {
            count += selection.count(head);
        }
        count(layer, count, attention.recalled());
        audit.step(layer, kv, queries);
        selectNanos += attention.selectNanos();
        attendNanos += attention.attendNanos();
    }

    /** Says that a decode step was dense. */
    public void decodedDense(int layer, KvLayer kv, float[] queries) {
        layers[layer].observeDense(kv, queries);
        count(layer, (long) shape.kvHeads() * kv.tokens(), 0);
    }

    private void count(int layer, long attendedHere, long recalledHere) {
        if (layer == 0) {
            attendedInStep = 0;
            recalledInStep = 0;
        }
        attendedInStep += attendedHere;
        recalledInStep += recalledHere;
        if (layer == layers.length - 1) {
            attended += attendedInStep;
            recalled += recalledInStep;
        }
    }

    /** Says that a batch of positions was attended densely. */
    public void prefilled(int layer, KvLayer kv, int start, int batch, float[] queries) {
        layers[layer].observePrompt(kv, start, batch, queries);
    }

    /** Tokens attended so far, in all steps: the mean over layers and KV heads. */
    public double attended() {
        return attended / (double) (layers.length * shape.kvHeads());
    }

    /** Tokens recalled so far: the mean over layers and KV heads. */
    public double recalled() {
        return recalled / (double) (layers.length * shape.kvHeads());
    }

    /** Share of the attention's mass that fell on attended tokens, sampled; 1 before the first sample. */
    public double keptMass() {
        return audit.keptMass();
    }

    /** What the policy remembers of a layer, for a session that is saved, see {@link TokenSelector#memory}. */
    public List<float[]> memory(int layer) {
        return layers[layer].selector().memory();
    }

    /** Has the policy remember that again, see {@link TokenSelector#remember}. */
    public void remember(int layer, List<float[]> rows, int tokens) {
        layers[layer].selector().remember(rows, tokens);
    }

    /** Time spent on selection since this was last asked, in nanoseconds. */
    public long takeSelectNanos() {
        long taken = selectNanos;
        selectNanos = 0;
        return taken;
    }

    /** Time spent on attending what was selected, and the estimate of the rest, since this was last asked. */
    public long takeAttendNanos() {
        long taken = attendNanos;
        attendNanos = 0;
        return taken;
    }
}
