package io.alisa.host;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

import io.alisa.attention.AttentionKernels;
import io.alisa.attention.AttentionShape;
import io.alisa.attention.DigestWriter;
import io.alisa.attention.KvWriter;
import io.alisa.attention.Teams;
import io.alisa.attention.Tokens;
import io.alisa.attention.VectorKernels;
import io.alisa.cache.KvFormat;
import io.alisa.cache.KvLayer;
import io.alisa.cache.KvMemory;
import io.alisa.memory.OffHeap;
import io.alisa.sparse.Budget;
import org.jspecify.annotations.Nullable;

/** A session that is fed as the adapter feeds it; what is said depends on the positions alone. */
final class SpokenSession implements AutoCloseable {
    static final int KV_HEADS = 2;
    static final int HEAD_SIZE = 20;
    static final int LAYERS = 3;
    static final int VOCABULARY = 1000;
    static final AttentionKernels KERNELS = new VectorKernels();
    private static final int GROUP = 2;
    private static final List<Tokens> TOKENS = List.of(Tokens.random(HEAD_SIZE, 2, 1), Tokens.random(HEAD_SIZE, 2, 2),
            Tokens.random(HEAD_SIZE, 2, 3));

    final HostSession session;
    private final Sessions sessions = new Sessions();
    private final Binding binding = new Binding();
    private final Object model = new Object();

    SpokenSession(HostSession session) {
        this.session = session;
        sessions.open(binding, model, session);
    }

    /** A fresh one. */
    static SpokenSession open(SessionMode mode, KvMemory memory, int threads) {
        return new SpokenSession(session(mode, memory, threads));
    }

    static HostSession session(SessionMode mode, KvMemory memory, int threads) {
        return new HostSession(shape(mode.exact() ? mode.format() : KvFormat.F32), mode, memory, KERNELS,
                Teams.of(threads));
    }

    static ModelShape shape(KvFormat hostFormat) {
        return shape(hostFormat, LAYERS);
    }

    static ModelShape shape(KvFormat hostFormat, int layers) {
        return new ModelShape("TINY", layers, 4096, 80, 0, KV_HEADS, GROUP, 0, KV_HEADS * GROUP, HEAD_SIZE, hostFormat,
                1, 0, (long) KV_HEADS * HEAD_SIZE * hostFormat.bytes());
    }

    static SessionMode exact(KvFormat format) {
        return SessionMode.exact(format);
    }

    static SessionMode int8() {
        return new SessionMode(KvFormat.INT8, false, null, new Budget(1, 0));
    }

    static SessionMode sparse(String policy, KvFormat format) {
        return new SessionMode(format, false, policy, new Budget(0.25, 40));
    }

    /** The ids of the first tokens. */
    static int[] ids(int tokens) {
        int[] ids = new int[tokens];
        Arrays.setAll(ids, i -> i * 31 % VOCABULARY);
        return ids;
    }

    /** Feeds the positions from {@code start} on in batches of that size. Returns what was attended. */
    List<float[]> feed(int start, int end, int batch) {
        List<float[]> outputs = new ArrayList<>();
        for (int from = start; from < end; from += batch) {
            session.kv().lock().lock();
            try {
                step(from, Math.min(end, from + batch), outputs);
            } finally {
                session.kv().lock().unlock();
            }
        }
        return outputs;
    }

    /** Saves it as the adapter does. */
    void save(String fingerprint, Path file) throws IOException {
        save(fingerprint, true, file);
    }

    /** The same, of a model whose prompts begin with a mark or not. */
    void save(String fingerprint, boolean marks, Path file) throws IOException {
        session.kv().lock().lock();
        try {
            SavedSessions.save(session, binding, fingerprint, marks, file);
        } finally {
            session.kv().lock().unlock();
        }
    }

    Binding binding() {
        return binding;
    }

    private void step(int start, int end, List<float[]> outputs) {
        binding.record(start, Arrays.copyOfRange(ids(end), start, end));
        for (int index = 0; index < session.kv().layerCount(); index++) {
            KvLayer layer = session.kv().layer(index);
            layer.resize(start, end);
            if (index == 0 && end - start > 1 && layer.layout().format() == KvFormat.INT8) {
                session.kv().notePrompt(start, Arrays.copyOfRange(ids(end), start, end));
            }
            if (layer.layout().format() == KvFormat.BF16) {
                writeBf16(layer, index, start, end);
            } else {
                outputs.add(attend(layer, index, start, end));
            }
            layer.settle();
        }
        session.stepDone(end, end - start);
    }

    private float[] attend(KvLayer layer, int index, int start, int end) {
        float[] queries = write(session.attentionShape(), layer, index, start, end);
        DigestWriter digests = session.digests();
        if (digests != null) {
            digests.update(layer);
        }
        float[] outputs = new float[queries.length];
        layer.pin();
        try {
            session.attend(index, layer, start, end - start, queries, outputs);
        } finally {
            layer.unpin();
        }
        int stride = session.attentionShape().rowStride();
        for (int row = 0; row < outputs.length; row += stride) {
            Arrays.fill(outputs, row + HEAD_SIZE, row + stride, 0f);
        }
        return outputs;
    }

    /** Writes what is said from {@code start} on. Returns what it asks. */
    static float[] write(AttentionShape shape, KvLayer layer, int index, int start, int end) {
        KvWriter writer = new KvWriter(KERNELS);
        Tokens tokens = TOKENS.get(index % TOKENS.size());
        float[] queries = new float[shape.floats(end - start)];
        for (int kvHead = 0; kvHead < KV_HEADS; kvHead++) {
            for (int position = start; position < end; position++) {
                writer.putKey(layer, position, kvHead, tokens.key(position, kvHead));
                writer.putValue(layer, position, kvHead, tokens.value(position, kvHead));
                for (int g = 0; g < GROUP; g++) {
                    System.arraycopy(tokens.query(position, kvHead, g), 0, queries,
                            shape.row(kvHead, position - start, g, end - start) * shape.rowStride(), HEAD_SIZE);
                }
            }
        }
        return queries;
    }

    /** The host's own operations attend BF16: here only its bytes are written. */
    private static void writeBf16(KvLayer layer, int index, int start, int end) {
        for (int position = start; position < end; position++) {
            long row = layer.block(position / 64) + position % 64 * layer.layout().rowBytes();
            for (long i = 0; i < layer.layout().rowBytes(); i++) {
                OffHeap.setByte(row + i, (int) (position * 7L + i + index));
                OffHeap.setByte(row + layer.layout().keyBytes() + i, (int) (position * 5L + i + index));
            }
        }
    }

    /** A fresh session's block; null where nothing was attended. */
    static @Nullable String bytes(KvLayer layer, int block) {
        byte[] bytes = new byte[(int) layer.layout().blockBytes()];
        OffHeap.read(layer.block(block), bytes, bytes.length);
        return Arrays.toString(bytes);
    }

    @Override
    public void close() {
        sessions.close(binding);
    }
}
