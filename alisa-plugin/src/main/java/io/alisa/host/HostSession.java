package io.alisa.host;

import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;

import io.alisa.Phase;
import io.alisa.SessionReport;
import io.alisa.attention.AttentionKernels;
import io.alisa.attention.AttentionShape;
import io.alisa.attention.DecodeAttention;
import io.alisa.attention.PrefillAttention;
import io.alisa.cache.KvLayout;
import io.alisa.cache.KvSession;
import io.alisa.parallel.WorkerTeam;
import org.jspecify.annotations.Nullable;

/**
 * One conversation as the plugin serves it: its KV, its kernels' scratch memory and its counters.
 *
 * <p>Used by one thread at a time under {@link KvSession#lock()}; {@link #report()} may be called by any thread.
 */
public class HostSession implements AutoCloseable {
    private final String id = UUID.randomUUID().toString();
    private final ModelShape shape;
    private final AttentionShape attentionShape;
    private final KvSession kv;
    private final DecodeAttention decode;
    private final AttentionKernels kernels;
    private final WorkerTeam team;
    private @Nullable PrefillAttention prefill;
    private final AtomicLong attendedTokens = new AtomicLong();
    private final AtomicLong decodeSteps = new AtomicLong();
    private volatile int tokens;
    private volatile long lastUsed;

    public HostSession(ModelShape shape, AttentionKernels kernels, WorkerTeam team) {
        this.shape = shape;
        this.kernels = kernels;
        this.team = team;
        this.attentionShape = new AttentionShape(shape.kvHeads(), shape.groupSize(), shape.headSize(),
                shape.softCap());
        this.kv = new KvSession(new KvLayout(shape.format(), shape.kvHeads(), shape.headSize()),
                shape.layers(),
                shape.contextLength());
        this.decode = new DecodeAttention(attentionShape, kernels, team, kv.layer(0));
    }

    public ModelShape shape() {
        return shape;
    }

    public AttentionShape attentionShape() {
        return attentionShape;
    }

    public KvSession kv() {
        return kv;
    }

    public DecodeAttention decode() {
        return decode;
    }

    /** Made when first asked for: most sessions prefill once and then decode for long. */
    public PrefillAttention prefill() {
        PrefillAttention existing = prefill;
        if (existing == null) {
            existing = new PrefillAttention(attentionShape, kernels, team, kv.layer(0));
            prefill = existing;
        }
        return existing;
    }

    /** Counts a step after its last layer. */
    public void stepDone(int endPosition, int batch) {
        tokens = endPosition;
        lastUsed = System.nanoTime();
        if (batch == 1) {
            decodeSteps.incrementAndGet();
            attendedTokens.addAndGet(endPosition);
        }
    }

    /** Tokens that all layers hold. */
    public int tokens() {
        return tokens;
    }

    long lastUsed() {
        return lastUsed;
    }

    /** A snapshot for {@link io.alisa.Alisa}. */
    public SessionReport report() {
        long steps = decodeSteps.get();
        return new SessionReport(id, shape.describe(), "exact " + shape.format(), kv.isClosed(), tokens,
                Phase.I,
                kv.bytes(), 0, shape.hostBytes(tokens),
                steps == 0 ? 0 : attendedTokens.get() / (double) steps, 0, 0,
                0, 0, 0);
    }

    @Override
    public void close() {
        kv.close();
    }
}
