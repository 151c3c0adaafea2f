package io.alisa.host;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.ref.Reference;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.UUID;
import java.util.function.Consumer;

import io.alisa.attention.AttentionKernels;
import io.alisa.attention.DigestWriter;
import io.alisa.attention.KvWriter;
import io.alisa.attention.VectorKernels;
import io.alisa.cache.KvFormat;
import io.alisa.cache.KvLayer;
import io.alisa.cache.KvMemory;
import io.alisa.parallel.WorkerTeam;
import io.alisa.tier.MemoryFullException;
import org.jspecify.annotations.Nullable;

/**
 * A made-up model and those who talk to it: keys and values follow from a token and its position, the next token from what
 * was attended. Each call is a {@code generate}: a prompt, then a reply, all of which is fed.
 */
final class ToyChat {
    static final int BATCH = 256;
    private static final int HEAD_SIZE = 16;
    private static final int KV_HEADS = 2;
    private static final int VOCABULARY = 40;
    static final ModelShape SHAPE = new ModelShape("TOY", 2, 4096, 64, 0, KV_HEADS, KV_HEADS, 0, 4, HEAD_SIZE,
            KvFormat.F32, 0.25f, 0, 2 * HEAD_SIZE * Float.BYTES);
    private static final AttentionKernels KERNELS = new VectorKernels();

    private static final float[][] WORDS = new float[VOCABULARY][];

    static {
        Arrays.setAll(WORDS, token -> vector(new Random(token)));
    }

    final Sessions sessions;
    final Object model = new Object();
    private final SessionMode mode;
    private final KvMemory memory;
    private final boolean anyBatch;
    /** Whether sessions take over what others have. */
    boolean shares = true;
    /** Done when a prompt is about to be computed. */
    Consumer<Binding> beforePrompt = binding -> {
    };
    /** Done when a fork has a session but no blocks yet. */
    Runnable amidFork = () -> {
    };

    ToyChat(SessionMode mode, KvMemory memory) {
        this(mode, memory, false);
    }

    /** @param anyBatch whether sessions count on it that a token is the same in every batch, as it is here */
    ToyChat(SessionMode mode, KvMemory memory, boolean anyBatch) {
        this(mode, memory, anyBatch, new Sessions());
    }

    ToyChat(SessionMode mode, KvMemory memory, boolean anyBatch, Sessions sessions) {
        this.sessions = sessions;
        this.mode = mode;
        this.memory = memory;
        this.anyBatch = anyBatch;
    }

    PrefixRule rule() {
        return new PrefixRule(mode, BATCH, anyBatch, false);
    }

    HostSession newSession() {
        return new HostSession(SHAPE, mode, memory, KERNELS, WorkerTeam.shared());
    }

    HostSession fork(HostSession parent, int tokens) {
        HostSession child = newSession();
        boolean taken = false;
        try {
            amidFork.run();
            taken = child.kv().inherit(parent.kv(), tokens);
        } finally {
            if (!taken) {
                child.close();
            }
        }
        assertThat(taken).isTrue();
        return child;
    }

    /** Says something in the conversation of a cache object and returns the reply. */
    int[] generate(Object kvBuffer, int[] said, int reply) {
        return generate(kvBuffer, said, reply, true);
    }

    int[] generate(Object kvBuffer, int[] said, int reply, boolean close) {
        return generate(kvBuffer, sessions.bind(kvBuffer).tokens().size(), said, reply, close);
    }

    /** Tells the conversation of a cache object from its beginning and returns the reply. */
    int[] tellWhole(Object kvBuffer, int[] said, int reply) {
        return generate(kvBuffer, 0, said, reply, true);
    }

    private int[] generate(Object kvBuffer, int begin, int[] said, int reply, boolean close) {
        Binding binding = sessions.bind(kvBuffer);
        try {
            int[] prompt = said;
            int start = begin;
            boolean open = sessions.goOn(binding, start);
            int have = start;
            binding.record(start, said);
            if (!open) {
                prompt = join(binding.tokens().first(start), said);
                start = 0;
                have = sessions.openWith(binding, model, prompt, rule(), shares, this::fork);
                sessions.settleLeft(binding, shares);
                if (have == 0) {
                    sessions.open(binding, model, newSession());
                }
            }
            beforePrompt.accept(binding);
            return run(session(binding), binding, Arrays.copyOfRange(prompt, have - start, prompt.length), have, reply);
        } finally {
            if (close) {
                sessions.close(binding, true);
            }
            Reference.reachabilityFence(kvBuffer); // collected, its session would be closed
        }
    }

    /**
     * Saves the session of a cache object, and has a new one go on with what was saved.
     *
     * @return the new one; null where the session is not there any more, or there is no room for a second one
     */
    @Nullable
    Object saveAndRestore(Object kvBuffer, Path file) throws IOException {
        return save(sessions.bind(kvBuffer), file) ? restore(file) : null;
    }

    /** Saves a session. Returns false where it is not there any more. */
    boolean save(Binding binding, Path file) throws IOException {
        HostSession held = binding.held();
        if (held == null) {
            return false;
        }
        held.kv().lock().lock();
        try {
            if (held.kv().isClosed()) {
                return false;
            }
            SavedSessions.save(held, binding, "TOY", false, file);
            return true;
        } finally {
            held.kv().lock().unlock();
        }
    }

    /** A cache object that goes on with a saved session; null where there is no room for it. */
    @Nullable
    Object restore(Path file) throws IOException {
        try {
            return adopt(restoreOnly(file));
        } catch (MemoryFullException e) {
            return null;
        }
    }

    /** Restores a session that waits for somebody to go on with it. */
    UUID restoreOnly(Path file) throws IOException {
        return sessions.restored(model,
                SavedSessions.restore(file, "TOY", SHAPE, VOCABULARY, false, of -> newSession()));
    }

    /** A cache object that goes on with a restored session. */
    Object adopt(UUID id) {
        Object kvBuffer = new Object();
        sessions.created(kvBuffer, model, id);
        return kvBuffer;
    }

    private static HostSession session(Binding binding) {
        return Objects.requireNonNull(binding.session());
    }

    /** What must come out: a session of its own, which computes everything. */
    static int[] alone(SessionMode mode, int[] prompt, int reply) {
        ToyChat chat = new ToyChat(mode, KvMemory.unlimited());
        Binding binding = new Binding();
        try (HostSession session = chat.newSession()) {
            return chat.run(session, binding, prompt, 0, reply);
        }
    }

    private int[] run(HostSession session, Binding binding, int[] prompt, int start, int reply) {
        int next = 0;
        for (int from = 0; from < prompt.length; from += BATCH) {
            next = step(session, start + from, Arrays.copyOfRange(prompt, from, Math.min(prompt.length, from + BATCH)));
        }
        int[] text = new int[reply];
        for (int i = 0; i < reply; i++) {
            text[i] = next;
            binding.recordOne(start + prompt.length + i, next);
            next = step(session, start + prompt.length + i, next);
        }
        return text;
    }

    /** All layers; returns what comes next. */
    private static int step(HostSession session, int start, int... ids) {
        int end = start + ids.length;
        float[] outputs = {};
        for (int index = 0; index < SHAPE.layers(); index++) {
            session.kv().claimShare(ids.length);
            session.kv().lock().lock();
            try {
                outputs = attend(session, index, start, end, ids);
                if (index == SHAPE.layers() - 1) {
                    session.stepDone(end, ids.length);
                }
            } finally {
                session.kv().lock().unlock();
            }
        }
        return choose(session, outputs, ids.length);
    }

    private static float[] attend(HostSession session, int index, int start, int end, int... ids) {
        KvLayer layer = session.kv().layer(index);
        layer.resize(start, end);
        KvWriter writer = new KvWriter(KERNELS);
        int batch = ids.length;
        float[] queries = new float[session.attentionShape().floats(batch)];
        for (int i = 0; i < batch; i++) {
            for (int head = 0; head < KV_HEADS; head++) {
                Random random = new Random(((start + i) * 131L + ids[i]) * 17 + head * 5L + index);
                writer.putKey(layer, start + i, head, vector(random));
                writer.putValue(layer, start + i, head, vector(random));
                for (int g = 0; g < session.attentionShape().groupSize(); g++) {
                    System.arraycopy(vector(random), 0, queries,
                            session.attentionShape().row(head, i, g, batch) * session.attentionShape().rowStride(),
                            HEAD_SIZE);
                }
            }
        }
        DigestWriter digests = session.digests();
        if (digests != null) {
            digests.update(layer);
        }
        float[] outputs = new float[queries.length];
        layer.pin();
        try {
            session.attend(index, layer, start, batch, queries, outputs);
        } finally {
            layer.unpin();
        }
        layer.settle();
        return outputs;
    }

    private static float[] vector(Random random) {
        float[] vector = new float[HEAD_SIZE];
        for (int i = 0; i < HEAD_SIZE; i++) {
            vector[i] = 2 * random.nextFloat() - 1;
        }
        return vector;
    }

    private static int choose(HostSession session, float[] outputs, int batch) {
        int best = 0;
        float most = Float.NEGATIVE_INFINITY;
        for (int token = 0; token < VOCABULARY; token++) {
            float[] of = WORDS[token];
            float dot = 0;
            for (int head = 0; head < KV_HEADS; head++) {
                int row = session.attentionShape().row(head, batch - 1, 0, batch)
                        * session.attentionShape().rowStride();
                for (int i = 0; i < HEAD_SIZE; i++) {
                    dot += outputs[row + i] * of[i];
                }
            }
            if (dot > most) {
                most = dot;
                best = token;
            }
        }
        return best;
    }

    static int[] random(long seed, int count) {
        return new Random(seed).ints(count, 0, VOCABULARY).toArray();
    }

    static int[] join(int[] first, int... second) {
        int[] both = Arrays.copyOf(first, first.length + second.length);
        System.arraycopy(second, 0, both, first.length, second.length);
        return both;
    }

    List<Branch> branches() {
        return sessions.kept().branches(model);
    }

    /** What holds of the tree whatever happens; called while nobody is at it. */
    void checkTree() {
        for (Branch branch : branches()) {
            assertThat(branch.state).isNotEqualTo(Branch.State.GONE);
            assertThat(branch.session().kv().isClosed()).isFalse();
            assertThat(branch.from % 64).isZero();
            assertThat(branch.from).isLessThanOrEqualTo(branch.done());
            Branch parent = branch.parent;
            if (parent != null) {
                assertThat(parent.children).contains(branch);
                assertThat(branches()).contains(parent);
                assertThat(parent.done()).isGreaterThanOrEqualTo(branch.from);
                assertThat(branch.from).as("grows out of its parent's own").isGreaterThan(parent.from);
            }
            for (Branch child : branch.children) {
                assertThat(child.parent).isSameAs(branch);
            }
            assertThat(branch.isGrowing()).isFalse();
        }
    }
}
