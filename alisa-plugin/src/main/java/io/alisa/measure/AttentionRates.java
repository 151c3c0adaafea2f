package io.alisa.measure;

import java.util.SplittableRandom;

import io.alisa.attention.AttentionKernels;
import io.alisa.attention.AttentionShape;
import io.alisa.attention.DecodeAttention;
import io.alisa.attention.DigestWriter;
import io.alisa.attention.KvWriter;
import io.alisa.attention.PrefillAttention;
import io.alisa.cache.KvFormat;
import io.alisa.cache.KvLayer;
import io.alisa.cache.KvLayout;
import io.alisa.cache.KvSession;
import io.alisa.parallel.WorkerTeam;
import io.alisa.schedule.ByteModel;
import io.alisa.schedule.ModelDimensions;
import io.alisa.sparse.Budget;
import io.alisa.sparse.SparseSession;

/**
 * How fast attention is: one INT8 layer of an ordinary shape (32 heads, 8 KV heads of 64), large enough to come from
 * memory, filled with random keys and values; a query is a random vector and a few keys, so that there is something to
 * select.
 */
final class AttentionRates implements AutoCloseable {
    private static final AttentionShape SHAPE = new AttentionShape(8, 4, 64, 0);
    private static final ByteModel BYTES = ByteModel.ofSession(new ModelDimensions(1, 32, 8, 64, 2048, 1), true);
    private static final double RATIO = 0.2;
    private static final int KEYS_IN_QUERY = 4;
    private static final int PROMPT = 256;

    private final AttentionKernels kernels;
    private final WorkerTeam team;
    private final int tokens;
    private final SplittableRandom random = new SplittableRandom(1);
    private final KvSession session;
    private final KvLayer layer;

    AttentionRates(AttentionKernels kernels, WorkerTeam team, int tokens) {
        this.kernels = kernels;
        this.team = team;
        this.tokens = tokens;
        session = new KvSession(new KvLayout(KvFormat.INT8, SHAPE.kvHeads(), SHAPE.headSize()), 1, tokens, true);
        layer = session.layer(0);
        DigestWriter digests = new DigestWriter(session, kernels, team);
        for (int start = 0; start < tokens; start += KvLayout.BLOCK_TOKENS) {
            write(start, Math.min(tokens, start + KvLayout.BLOCK_TOKENS));
            digests.update(layer);
            layer.settle();
        }
    }

    private void write(int start, int end) {
        KvWriter writer = new KvWriter(kernels);
        float[] row = new float[SHAPE.headSize()];
        layer.resize(start, end);
        for (int position = start; position < end; position++) {
            for (int head = 0; head < SHAPE.kvHeads(); head++) {
                fill(row);
                writer.putKey(layer, position, head, row);
                fill(row);
                writer.putValue(layer, position, head, row);
            }
        }
    }

    private void fill(float[] values) {
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextDouble(-1.7, 1.7); // a variance of about one
        }
    }

    private float[] queries(int positions) {
        float[] queries = new float[SHAPE.floats(positions)];
        fill(queries);
        float[] key = new float[SHAPE.headSize()];
        int rows = queries.length / SHAPE.rowStride();
        for (int row = 0; row < rows; row++) {
            for (int i = 0; i < KEYS_IN_QUERY; i++) {
                layer.rows().readKey(random.nextInt(tokens), row * SHAPE.kvHeads() / rows, key);
                for (int channel = 0; channel < key.length; channel++) {
                    queries[row * SHAPE.rowStride() + channel] += key[channel];
                }
            }
        }
        for (int i = 0; i < queries.length; i++) {
            queries[i] /= (float) Math.sqrt(SHAPE.headSize());
        }
        return queries;
    }

    /** Bytes of keys and values per second, all tokens attended. */
    double dense(double seconds) {
        DecodeAttention attention = new DecodeAttention(SHAPE, kernels, team, layer);
        float[] query = queries(1);
        float[] output = new float[query.length];
        return Rate.of((double) tokens * BYTES.rowBytes(), seconds, () -> attention.run(layer, query, output));
    }

    /**
     * What a sparse step does.
     *
     * @param rowBytes    bytes of keys and values attended per second
     * @param digestBytes bytes of digests looked through per second
     */
    record Sparse(double rowBytes, double digestBytes) {
    }

    Sparse sparse(double seconds) {
        SparseSession sparse = new SparseSession("swa", new Budget(RATIO, 0), session, SHAPE, kernels, team);
        float[] query = queries(1);
        float[] output = new float[query.length];
        Rate.of(1, seconds / 2, () -> sparse.decode(0, layer, query, output)); // warms up
        sparse.takeSelectNanos();
        sparse.takeAttendNanos();
        double before = sparse.attended();
        long begun = System.nanoTime();
        int steps = 0;
        do {
            sparse.decode(0, layer, query, output);
            steps++;
        } while (System.nanoTime() - begun < seconds / 2 * 1e9);
        double attended = (sparse.attended() - before) * BYTES.rowBytes();
        double looked = (double) steps * tokens * BYTES.digestTokenBytes();
        return new Sparse(attended * 1e9 / sparse.takeAttendNanos(), looked * 1e9 / sparse.takeSelectNanos());
    }

    /** Multiply-adds per second: a prompt's attention, whose arithmetic stays in the caches. To be asked last. */
    double multiplyAdds(double seconds) {
        PrefillAttention attention = new PrefillAttention(SHAPE, kernels, team, session);
        int start = tokens - PROMPT;
        write(start, tokens); // once more, as one batch: its floats must be there
        float[] query = queries(PROMPT);
        float[] output = new float[query.length];
        double amount = 2.0 * PROMPT * (start + PROMPT / 2.0) * SHAPE.kvHeads() * SHAPE.groupSize() * SHAPE.headSize();
        return Rate.of(amount, seconds, () -> attention.run(layer, start, PROMPT, query, output));
    }

    @Override
    public void close() {
        session.close();
    }
}
