package io.alisa.attention;

import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import java.util.Objects;

import io.alisa.cache.KvDigest;
import io.alisa.cache.KvFormat;
import io.alisa.cache.KvLayer;
import io.alisa.cache.KvLayout;
import io.alisa.cache.KvSession;
import io.alisa.cache.ScaleCode;
import io.alisa.cache.SketchLayout;
import io.alisa.memory.OffHeap;
import io.alisa.parallel.WorkerTeam;

/** A session of one layer that is fed as a host feeds it: room, keys and values, digests, attention, settling. */
public final class FedSession implements AutoCloseable {
    private static final int ROOM = 8192;

    public final AttentionShape shape;
    public final KvSession kv;
    public final AttentionKernels kernels;
    public final WorkerTeam team;
    /** Of the positions fed last. */
    public float[] queries = {};

    private final KvWriter writer;
    private final DigestWriter digests;
    private Tokens tokens;
    private int start;
    private int end;

    public FedSession(AttentionShape shape, KvFormat format, boolean digested, AttentionKernels kernels,
            WorkerTeam team, Tokens tokens) {
        this.shape = shape;
        this.kernels = kernels;
        this.team = team;
        this.tokens = tokens;
        this.kv = new KvSession(new KvLayout(format, shape.kvHeads(), shape.headSize()), 1, ROOM, digested);
        this.writer = new KvWriter(kernels);
        this.digests = new DigestWriter(kv, kernels, team);
    }

    /** Of a digested session. */
    public KvDigest digest() {
        return Objects.requireNonNull(layer().digest());
    }

    /** Tokens that are fed from now on are these. */
    public void setTokens(Tokens newTokens) {
        tokens = newTokens;
    }

    public KvLayer layer() {
        return kv.layer(0);
    }

    /** Brings the positions {@code from} to {@code to - 1} in, which can then be attended. */
    public void begin(int from, int to) {
        start = from;
        end = to;
        layer().resize(from, to);
        queries = new float[shape.floats(to - from)];
        for (int kvHead = 0; kvHead < shape.kvHeads(); kvHead++) {
            for (int position = from; position < to; position++) {
                writer.putKey(layer(), position, kvHead, tokens.key(position, kvHead));
                writer.putValue(layer(), position, kvHead, tokens.value(position, kvHead));
                for (int g = 0; g < shape.groupSize(); g++) {
                    System.arraycopy(tokens.query(position, kvHead, g), 0, queries,
                            shape.row(kvHead, position - from, g, to - from) * shape.rowStride(), shape.headSize());
                }
            }
        }
        digests.update(layer());
    }

    /** Brings one position in, its keys and values all the same, and allocates nothing. */
    public void step(int position, float[] channels) {
        layer().resize(position, position + 1);
        for (int kvHead = 0; kvHead < shape.kvHeads(); kvHead++) {
            writer.putKey(layer(), position, kvHead, channels);
            writer.putValue(layer(), position, kvHead, channels);
        }
        digests.update(layer());
    }

    /** Dense attention for what was brought in. */
    public float[] attend() {
        return attend(team);
    }

    float[] attend(WorkerTeam by) {
        float[] outputs = new float[queries.length];
        if (end - start == 1) {
            new DecodeAttention(shape, kernels, by, layer()).run(layer(), queries, outputs);
        } else {
            new PrefillAttention(shape, kernels, by, kv).run(layer(), start, end - start, queries, outputs);
        }
        return withoutPadding(outputs);
    }

    /** Nobody reads what is behind a head, and kernels may leave anything there. */
    public float[] withoutPadding(float[] outputs) {
        for (int row = 0; row < outputs.length; row += shape.rowStride()) {
            Arrays.fill(outputs, row + shape.headSize(), row + shape.rowStride(), 0f);
        }
        return outputs;
    }

    public void settle() {
        layer().settle();
    }

    /** All of it, without attention: a prompt that nobody asks about. */
    public void feed(int from, int to) {
        begin(from, to);
        settle();
    }

    /** The formula in double precision over what is stored, for what was brought in and is not settled yet. */
    double[] expected() {
        double[] outputs = new double[queries.length];
        for (int kvHead = 0; kvHead < shape.kvHeads(); kvHead++) {
            for (int position = start; position < end; position++) {
                Formula formula = new Formula(shape);
                for (int token = 0; token <= position; token++) {
                    formula.add(seenKey(token, kvHead, position), seenValue(token, kvHead, position));
                }
                for (int g = 0; g < shape.groupSize(); g++) {
                    int row = shape.row(kvHead, position - start, g, end - start) * shape.rowStride();
                    formula.attend(queries, row, outputs, row);
                }
            }
        }
        return outputs;
    }

    /** A key as the query of a position sees it: rounded to eight bits unless it stands in the same block. */
    public float[] seenKey(int token, int kvHead, int position) {
        float[] key = new float[shape.headSize()];
        if (isFloat(token, position)) {
            layer().rows().readKey(token, kvHead, key);
        } else {
            readInt8(token, kvHead, 0, key);
        }
        return key;
    }

    public float[] seenValue(int token, int kvHead, int position) {
        float[] value = new float[shape.headSize()];
        if (isFloat(token, position)) {
            layer().rows().readValue(token, kvHead, value);
        } else {
            readInt8(token, kvHead, 1, value);
        }
        return value;
    }

    private boolean isFloat(int token, int position) {
        return kv.layout().format() == KvFormat.F32
                || token / KvLayout.BLOCK_TOKENS == position / KvLayout.BLOCK_TOKENS;
    }

    /** By the picture in {@link KvLayout}, not by its methods: rows of key and value, then the scales of either. */
    private void readInt8(int token, int kvHead, int part, float[] target) {
        long padded = (shape.headSize() + 3L) / 4 * 4;
        long head = layer().block(token / 64) + 64L * kvHead * (2 * padded + 2);
        float scale = ScaleCode.decode(OffHeap.getByte(head + 128 * padded + 64L * part + token % 64));
        for (int channel = 0; channel < target.length; channel++) {
            target[channel] = scale * OffHeap.getByte(head + (token % 64 * 2 + part) * padded + channel);
        }
    }

    /** Everything that is stored in eight bits of the tokens there are. */
    byte[] int8Bytes() {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        addInt8(layer(), bytes);
        return bytes.toByteArray();
    }

    private void addInt8(KvLayer of, ByteArrayOutputStream bytes) {
        KvLayout layout = of.layout();
        for (int token = 0; token < of.tokens(); token++) {
            for (int kvHead = 0; kvHead < shape.kvHeads(); kvHead++) {
                long head = of.head(token, kvHead);
                int index = token % KvLayout.BLOCK_TOKENS;
                add(layout.int8Row(head, index), 2L * KvLayout.int8RowBytes(shape.headSize()), bytes);
                add(layout.keyScale(head, index), 1, bytes);
                add(layout.valueScale(head, index), 1, bytes);
            }
        }
    }

    private static void add(long address, long count, ByteArrayOutputStream bytes) {
        for (long i = 0; i < count; i++) {
            bytes.write(OffHeap.getByte(address + i));
        }
    }

    /** Everything that is stored about full blocks. */
    byte[] digestBytes() {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        addInt8(digest().means(), bytes);
        for (int block = 0; block < digest().blocks(); block++) {
            for (int kvHead = 0; kvHead < shape.kvHeads(); kvHead++) {
                add(digest().sketch(block, kvHead), new SketchLayout(1, shape.headSize()).headBytes(), bytes);
            }
        }
        return bytes.toByteArray();
    }

    /** Keys and values of the newest block as the newest query sees them. */
    float[][] recentFloats() {
        int newest = layer().tokens() - 1;
        int first = newest / KvLayout.BLOCK_TOKENS * KvLayout.BLOCK_TOKENS;
        float[][] floats = new float[2 * (newest - first + 1)][shape.headSize()];
        for (int token = first; token <= newest; token++) {
            layer().rows().readKey(token, 0, floats[2 * (token - first)]);
            layer().rows().readValue(token, 0, floats[2 * (token - first) + 1]);
        }
        return floats;
    }

    @Override
    public void close() {
        kv.close();
    }
}
