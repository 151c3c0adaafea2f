package io.alisa.compat.bench;

import java.util.SplittableRandom;

import io.alisa.attention.AttentionKernels;
import io.alisa.attention.AttentionShape;
import io.alisa.attention.DigestWriter;
import io.alisa.attention.Kernels;
import io.alisa.attention.KvWriter;
import io.alisa.cache.KvFormat;
import io.alisa.cache.KvLayer;
import io.alisa.cache.KvLayout;
import io.alisa.cache.KvSession;
import io.alisa.parallel.WorkerTeam;

/**
 * A layer of Llama-3.2-1B's shape as the kernels see it, filled, and queries to it.
 *
 * <p>Keys and values are normally distributed. A query is the sum of a normally distributed vector and a few keys: so a
 * few tokens get most of the attention, and there is something for sparse attention to find. Several queries take turns:
 * what one attends is not in the cache because the one before attended it.
 */
final class KernelKv implements AutoCloseable {
    static final AttentionShape SHAPE = new AttentionShape(8, 4, 64, 0);
    private static final int QUERIES = 16;
    private static final int KEYS_IN_QUERY = 4;

    final AttentionKernels kernels = Kernels.choose("auto").kernels();
    final WorkerTeam team = WorkerTeam.shared();
    final KvSession session;
    final KvLayer layer;
    final float[] output = new float[SHAPE.floats(1)];
    private final float[][] queries = new float[QUERIES][];
    private int next;

    KernelKv(KvFormat format, int tokens, boolean digested) {
        session = new KvSession(new KvLayout(format, SHAPE.kvHeads(), SHAPE.headSize()), 1, tokens, digested);
        layer = session.layer(0);
        SplittableRandom random = new SplittableRandom(1);
        DigestWriter digests = digested ? new DigestWriter(session, kernels, team) : null;
        RandomKv.fill(layer, new KvWriter(kernels), digests, tokens, random);
        for (int i = 0; i < QUERIES; i++) {
            queries[i] = query(tokens, random);
        }
    }

    private float[] query(int tokens, SplittableRandom random) {
        float[] query = BenchModels.normal(random, SHAPE.floats(1));
        float[] key = new float[SHAPE.headSize()];
        for (int row = 0; row < SHAPE.kvHeads() * SHAPE.groupSize(); row++) {
            for (int i = 0; i < KEYS_IN_QUERY; i++) {
                layer.rows().readKey(random.nextInt(tokens), row / SHAPE.groupSize(), key);
                for (int channel = 0; channel < key.length; channel++) {
                    query[row * SHAPE.rowStride() + channel] += key[channel];
                }
            }
        }
        for (int i = 0; i < query.length; i++) {
            query[i] /= (float) Math.sqrt(SHAPE.headSize());
        }
        return query;
    }

    float[] nextQuery() {
        next = (next + 1) % QUERIES;
        return queries[next];
    }

    @Override
    public void close() {
        session.close();
    }
}
