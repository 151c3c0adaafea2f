package io.alisa.sparse;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;

import io.alisa.attention.AttentionKernels;
import io.alisa.attention.AttentionShape;
import io.alisa.attention.DecodeAttention;
import io.alisa.attention.DigestWriter;
import io.alisa.attention.KvWriter;
import io.alisa.attention.PrefillAttention;
import io.alisa.attention.Tokens;
import io.alisa.cache.KvFormat;
import io.alisa.cache.KvLayer;
import io.alisa.cache.KvLayout;
import io.alisa.cache.KvMemory;
import io.alisa.cache.KvSession;
import io.alisa.cache.Recomputer;
import io.alisa.device.DeviceTier;
import io.alisa.parallel.WorkerTeam;
import org.jspecify.annotations.Nullable;

/**
 * A conversation of several layers as a host leads it: batches, steps, and now and then back to an earlier position. What
 * is said depends on the seed alone; where the memory is may differ.
 */
public final class TieredRun implements AutoCloseable, Recomputer {
    /** Something to do to the session between its layers. */
    public interface Between {
        void layers(TieredRun run);
    }

    /** Not one that is wanted is missed: what a device selects by sorting and what is selected here is the same. */
    private static final int EXACTLY = Integer.MAX_VALUE;
    /** The most tokens, unless more are asked for. */
    public static final int CONTEXT = 4_096;

    public final KvSession kv;
    /** Why nothing can be computed again; null where it can. */
    private @Nullable String objection;
    private final AttentionShape shape;
    private final @Nullable SparseSession sparse;
    private final DecodeAttention decode;
    private final PrefillAttention prefill;
    private final KvWriter writer;
    private final @Nullable DigestWriter digests;
    private final Tokens[] tokens;
    private final Random random;
    private final List<float[]> stepOutputs = new ArrayList<>();
    private int promptTokens;
    private int stepsLeft;
    private int start;
    private int end;
    /** What batches said. */
    private final Map<String, float[]> prompts = new HashMap<>();
    private int openStates;
    private int begunStates;
    private boolean steady;

    /** @param policy {@code null}: dense */
    public TieredRun(AttentionShape shape, int layers, @Nullable String policy, double ratio, KvMemory memory,
            AttentionKernels kernels, WorkerTeam team, long seed) {
        this(shape, layers, policy, ratio, CONTEXT, memory, kernels, team, seed);
    }

    /** @param context the most tokens */
    public TieredRun(AttentionShape shape, int layers, @Nullable String policy, double ratio, int context,
            KvMemory memory, AttentionKernels kernels, WorkerTeam team, long seed) {
        this.shape = shape;
        boolean digested = policy != null && Policies.needsDigests(policy);
        kv = new KvSession(new KvLayout(KvFormat.INT8, shape.kvHeads(), shape.headSize()), layers, context, digested,
                memory);
        boolean made = false;
        try {
            sparse = policy == null
                    ? null
                    : new SparseSession(policy, new Budget(ratio, 16), kv, shape, kernels, team, EXACTLY);
            decode = new DecodeAttention(shape, kernels, team, kv.layer(0));
            prefill = new PrefillAttention(shape, kernels, team, kv);
            writer = new KvWriter(kernels);
            digests = digested ? new DigestWriter(kv, kernels, team) : null;
            made = true;
        } finally {
            if (!made) {
                kv.close();
            }
        }
        random = new Random(seed);
        tokens = new Tokens[layers];
        kv.setRecomputer(this);
        for (int i = 0; i < layers; i++) {
            tokens[i] = Tokens.random(shape.headSize(), 1.5, seed * 31 + i);
        }
    }

    /** Leads the conversation to about {@code length} tokens and some steps further. Returns all that was attended. */
    public List<float[]> talk(int length, int steps, Between between) {
        plan(length, steps);
        List<float[]> outputs = new ArrayList<>();
        while (next(between)) {
            outputs.addAll(stepOutputs);
        }
        return outputs;
    }

    /** Has a device hold blocks, and attend them. */
    public void useDevice(DeviceTier tier) {
        kv.useDevice(tier, shape.onDevice(kv.layout()));
    }

    AttentionShape shape() {
        return shape;
    }

    /** From now on single tokens all ask the same: what is attended hardly changes. */
    public void askTheSame() {
        steady = true;
    }

    /** From now on nothing can be computed again. */
    public void forbidRecomputing() {
        objection = "the test wants it so";
    }

    /** Begins with a batch of that many tokens. */
    public void talkInOneBatch(int length, Between between) {
        end = length;
        repeat(between);
    }

    /** Goes on with batches of that many tokens. */
    void talkInBatches(int batches, int size) {
        for (int i = 0; i < batches; i++) {
            start = end;
            end = start + size;
            repeat(r -> {
                // nobody is near
            });
        }
    }

    /** Begins with the first tokens of another conversation, which stays open, instead of its own. */
    public boolean inherit(TieredRun from, int count) {
        from.kv.freeze(count);
        end = count;
        return kv.inherit(from.kv, count);
    }

    /** Says what the steps of {@link #next} are to be. */
    public void plan(int length, int steps) {
        promptTokens = length;
        stepsLeft = steps;
    }

    /** Does the next step. Returns false where the conversation is over. */
    public boolean next(Between between) {
        if (end < promptTokens) {
            start = end;
            end = start + 2 + random.nextInt(150);
            if (random.nextInt(4) != 0) { // so that the next batch begins with a block, and can be computed again
                end = KvLayout.blocks(end) * KvLayout.BLOCK_TOKENS;
            }
            end = Math.min(promptTokens, end);
        } else if (stepsLeft > 0) {
            stepsLeft--;
            start = end;
            if (random.nextInt(12) == 0) {
                start -= random.nextInt(Math.min(start, 100));
            }
            promptTokens = 0;
            end = random.nextInt(10) == 0 ? start + 2 + random.nextInt(80) : start + 1;
        } else {
            return false;
        }
        repeat(between);
        return true;
    }

    /** Does a step at a position within the conversation: what came there and behind it is no more. */
    public void goBackTo(int position, Between between) {
        goBackTo(position, 1, between);
    }

    /** The same with so many tokens. */
    void goBackTo(int position, int count, Between between) {
        start = position;
        end = position + count;
        promptTokens = 0;
        repeat(between);
    }

    /** Does the last step once more. */
    public void repeat(Between between) {
        stepOutputs.clear();
        for (int i = 0; i < kv.layerCount(); i++) {
            between.layers(this);
            kv.claimShare(end - start);
            kv.lock().lock();
            try {
                stepOutputs.add(attend(i, start, end));
            } finally {
                kv.lock().unlock();
            }
        }
    }

    /** By how much two outputs differ where they differ most. */
    static double difference(float[] one, float[] other) {
        assertThat(one).hasSameSizeAs(other);
        double greatest = 0;
        for (int i = 0; i < one.length; i++) {
            greatest = Math.max(greatest, Math.abs(one[i] - other[i]));
        }
        return greatest;
    }

    /** What the last step attended, layer by layer. */
    public List<float[]> stepOutputs() {
        return stepOutputs;
    }

    private float[] attend(int index, int from, int to) {
        KvLayer layer = kv.layer(index);
        layer.resize(from, to);
        if (index == 0 && to - from > 1) {
            kv.notePrompt(from, new int[to - from]);
        }
        float[] queries = write(index, layer, from, to);
        if (digests != null) {
            digests.update(layer);
        }
        float[] outputs = new float[queries.length];
        layer.pin();
        try {
            if (to - from > 1) {
                prefill.run(layer, from, to - from, queries, outputs);
                if (sparse != null) {
                    sparse.prefilled(index, layer, from, to - from, queries);
                }
            } else if (sparse != null && sparse.isSparse(to)) {
                sparse.decode(index, layer, queries, outputs);
            } else {
                decode.run(layer, queries, outputs);
                if (sparse != null) {
                    sparse.decodedDense(index, layer, queries);
                }
            }
        } finally {
            layer.unpin();
        }
        layer.settle();
        kv.layerDone(index, to - from);
        if (index == kv.layerCount() - 1) {
            kv.stepDone();
        }
        withoutPadding(outputs);
        if (to - from > 1) {
            prompts.put(index + ":" + from + ":" + to, outputs);
        }
        return outputs;
    }

    private void withoutPadding(float[] outputs) {
        for (int row = 0; row < outputs.length; row += shape.rowStride()) {
            Arrays.fill(outputs, row + shape.headSize(), row + shape.rowStride(), 0f);
        }
    }

    private float[] write(int index, KvLayer layer, int from, int to) {
        float[] queries = new float[shape.floats(to - from)];
        for (int kvHead = 0; kvHead < shape.kvHeads(); kvHead++) {
            for (int position = from; position < to; position++) {
                writer.putKey(layer, position, kvHead, tokens[index].key(position, kvHead));
                writer.putValue(layer, position, kvHead, tokens[index].value(position, kvHead));
                for (int g = 0; g < shape.groupSize(); g++) {
                    int asks = steady && to - from == 1 ? 0 : position;
                    System.arraycopy(tokens[index].query(asks, kvHead, g), 0, queries,
                            shape.row(kvHead, position - from, g, to - from) * shape.rowStride(), shape.headSize());
                }
            }
        }
        return queries;
    }

    @Override
    public @Nullable String objection() {
        return objection;
    }

    @Override
    public long stateBytes(int count) {
        return 16L * count;
    }

    /** A batch says again what it said, or the test fails; its keys do not depend on that. */
    @Override
    public State begin(int start, int[] ids) {
        openStates++;
        begunStates++;
        return new State() {
            private int next;

            @Override
            public void advance(int index, KvLayer view) {
                assertThat(index).isEqualTo(next++);
                assertThat(view.tokens()).isEqualTo(start + ids.length);
                float[] queries = write(index, view, start, view.tokens());
                float[] outputs = new float[queries.length];
                prefill.run(view, start, ids.length, queries, outputs);
                withoutPadding(outputs);
                float[] before = Objects.requireNonNull(prompts.get(index + ":" + start + ":" + view.tokens()));
                if (kv.device() == null) {
                    assertThat(outputs).as("computed again").isEqualTo(before);
                } else { // a device may have attended it before
                    assertThat(outputs).as("computed again").containsExactly(before, within(1e-4f));
                }
            }

            @Override
            public void close() {
                openStates--;
            }
        };
    }

    /** How often a batch was begun to be computed again. */
    int begunStates() {
        return begunStates;
    }

    /** Batches that are being computed again. */
    public int openStates() {
        return openStates;
    }

    @Override
    public void close() {
        kv.close();
    }
}
