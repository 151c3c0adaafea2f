package io.alisa.host;

import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

import io.alisa.Phase;
import io.alisa.SessionReport;
import io.alisa.attention.AttentionKernels;
import io.alisa.attention.AttentionShape;
import io.alisa.attention.DecodeAttention;
import io.alisa.attention.DigestWriter;
import io.alisa.attention.PrefillAttention;
import io.alisa.cache.KvFormat;
import io.alisa.cache.KvLayer;
import io.alisa.cache.KvLayout;
import io.alisa.cache.KvMemory;
import io.alisa.cache.KvSession;
import io.alisa.device.DeviceSession;
import io.alisa.device.DeviceTier;
import io.alisa.parallel.WorkerTeam;
import io.alisa.sparse.SparseSession;
import io.alisa.telemetry.DecodeStepEvent;
import io.alisa.telemetry.Recordings;
import org.jspecify.annotations.Nullable;

/**
 * One conversation as the plugin serves it: its KV, its kernels' scratch memory and its counters.
 *
 * <p>Used by one thread at a time under {@link KvSession#lock()}; {@link #report()} may be called by any thread.
 */
public class HostSession implements AutoCloseable {
    private final String id = UUID.randomUUID().toString();
    private final ModelShape shape;
    private final SessionMode mode;
    private final AttentionShape attentionShape;
    private final KvSession kv;
    private final DecodeAttention decode;
    private final AttentionKernels kernels;
    private final WorkerTeam team;
    private @Nullable PrefillAttention prefill;
    private final @Nullable SparseSession sparse;
    private final @Nullable DigestWriter digests;
    private final TierWatch tiers;
    private volatile @Nullable SessionSchedule schedule;
    /** Written under the lock, read by anyone; so are the next. */
    private volatile long decodeSteps;
    private volatile double attendedTokens;
    private volatile double recalledTokens;
    private volatile double keptMass = 1;
    private volatile int tokens;
    private int promptEnd;
    private volatile long lastUsed;
    private volatile long reusedTokens;
    private volatile @Nullable Branch branch;

    /** @param memory where its KV goes */
    public HostSession(ModelShape shape, SessionMode mode, KvMemory memory, AttentionKernels kernels,
            WorkerTeam team) {
        this.shape = shape;
        this.mode = mode;
        this.kernels = kernels;
        this.team = team;
        this.attentionShape = new AttentionShape(shape.kvHeads(), shape.groupSize(), shape.headSize(),
                shape.softCap());
        String policy = mode.policy();
        boolean digested = mode.isDigested();
        this.kv = new KvSession(new KvLayout(mode.format(), shape.kvHeads(), shape.headSize()), shape.layers(),
                shape.contextLength(), digested, memory);
        boolean made = false;
        try {
            this.digests = digested ? new DigestWriter(kv, kernels, team) : null;
            this.sparse = policy == null
                    ? null
                    : new SparseSession(policy, mode.budget(), kv, attentionShape, kernels, team);
            this.tiers = new TierWatch(id, kv);
            this.decode = new DecodeAttention(attentionShape, kernels, team, kv.layer(0));
            made = true;
        } finally {
            if (!made) {
                kv.close(); // its memory is full before it began
            }
        }
    }

    /** Has a plan decide what moves between the tiers. */
    protected void follow(SessionSchedule plan) {
        schedule = plan;
        kv.setSchedule(plan);
        tiers.inform(plan);
    }

    /** Has a device help where the session's KV is INT8, if it can. Before anything is written. */
    public void useDevice(DeviceTier tier) {
        if (mode.format() == KvFormat.INT8) {
            kv.useDevice(tier, attentionShape.onDevice(kv.layout()));
        }
    }

    /** Why the tiers are used as they are, a sentence each; empty as long as everything fits with ease. */
    public List<String> planReasons() {
        SessionSchedule plan = schedule;
        List<String> reasons = new ArrayList<>(plan == null ? List.of() : plan.reasons());
        if (kv.hotTokens() > 0) {
            reasons.add(kv.hotTokens()
                    + " tokens of single heads stay in RAM while their blocks are elsewhere: steps want them"
                    + " again and again");
        }
        return reasons;
    }

    public ModelShape shape() {
        return shape;
    }

    public SessionMode mode() {
        return mode;
    }

    public AttentionShape attentionShape() {
        return attentionShape;
    }

    public KvSession kv() {
        return kv;
    }

    /** Made when first asked for: most sessions prefill once and then decode for long. */
    public PrefillAttention prefill() {
        PrefillAttention existing = prefill;
        if (existing == null) {
            existing = new PrefillAttention(attentionShape, kernels, team, kv);
            prefill = existing;
        }
        return existing;
    }

    /** Sparse attention; null where everything is attended. */
    public @Nullable SparseSession sparse() {
        return sparse;
    }

    /** Digests full blocks; null where nobody asks for digests. */
    public @Nullable DigestWriter digests() {
        return digests;
    }

    /** Says where among the sessions of its model this one stands. */
    void attach(Branch place) {
        branch = place;
    }

    /** How its tokens were computed, as far as that is known. */
    BatchLog computed() {
        Branch place = branch;
        return place == null ? new BatchLog() : place.copyOfBatches(tokens);
    }

    /** Says that the first tokens need not be computed: they are there. */
    @SuppressWarnings("NonAtomicVolatileUpdate") // by who opens it
    void reuse(int count) {
        tokens = count;
        reusedTokens = reusedTokens + count;
        lastUsed = System.nanoTime();
    }

    /** Says that the tokens from a position on count no more. */
    void rewind(int position) {
        tokens = Math.min(tokens, position);
    }

    /** Gives up what only steps need: the session is kept for later. */
    public void rest() {
        kv.rest();
    }

    /**
     * Says that what comes before a position belongs to a prompt: it is attended densely, also the last token of one that the
     * host cut into batches so that a single token is left.
     */
    public void promptUntil(int end) {
        promptEnd = end;
    }

    /**
     * Attends a step's tokens, which are stored: as a batch, or as a decode step, sparsely where the mode says so.
     *
     * @param index   of the layer
     * @param queries scaled and rotated, see {@link AttentionShape#row}
     * @param outputs filled in the same order
     */
    public void attend(int index, KvLayer layer, int start, int batch, float[] queries, float[] outputs) {
        SparseSession policy = sparse;
        boolean decoded = isDecoded(start, batch);
        if (decoded && policy != null && policy.isSparse(layer.tokens())) {
            policy.decode(index, layer, queries, outputs);
            return;
        }
        if (batch > 1) {
            prefill().run(layer, start, batch, queries, outputs);
        } else {
            decode.run(layer, queries, outputs);
        }
        if (policy != null && decoded) {
            policy.decodedDense(index, layer, queries);
        } else if (policy != null) {
            policy.prefilled(index, layer, start, batch, queries);
        }
    }

    /** Whether so many tokens are one that the model said, and no prompt's. */
    private boolean isDecoded(int start, int batch) {
        return batch == 1 && start >= promptEnd;
    }

    /** Counts a step after its last layer. */
    public void stepDone(int endPosition, int batch) {
        kv.stepDone();
        tokens = endPosition;
        lastUsed = System.nanoTime();
        Branch place = branch;
        boolean decoded = isDecoded(endPosition - batch, batch);
        boolean attendedPart = decoded && sparse != null && sparse.isSparse(endPosition);
        if (place != null) {
            place.stepDone(endPosition - batch, endPosition, attendedPart);
        }
        if (decoded) {
            countDecoded(endPosition);
        }
        tiers.stepDone(endPosition, phase(), attendedPart);
    }

    @SuppressWarnings("NonAtomicVolatileUpdate") // one writer at a time
    private void countDecoded(int endPosition) {
        decodeSteps = decodeSteps + 1;
        double attendedBefore = attendedTokens;
        double recalledBefore = recalledTokens;
        if (sparse == null) {
            attendedTokens = attendedBefore + endPosition;
        } else {
            attendedTokens = sparse.attended();
            recalledTokens = sparse.recalled();
            keptMass = sparse.keptMass();
        }
        long selectNanos = sparse == null ? 0 : sparse.takeSelectNanos();
        long attendNanos = sparse == null ? 0 : sparse.takeAttendNanos();
        if (Recordings.areOn() && DecodeStepEvent.isOn()) {
            DecodeStepEvent.emit(id, endPosition, attendedTokens - attendedBefore, recalledTokens - recalledBefore,
                    selectNanos, attendNanos, new DecodeStepEvent.Held(kv.bytes(), kv.slowBytes(),
                            shape.hostBytes(endPosition), kv.deletedTokens()));
        }
    }

    /** Tokens that all layers hold. */
    public int tokens() {
        return tokens;
    }

    long lastUsed() {
        return lastUsed;
    }

    private Phase phase() {
        if (kv.deletedTokens() > 0) {
            return Phase.III;
        }
        return kv.isAllResident() ? Phase.I : Phase.II;
    }

    /** Whether its reports have that id. */
    boolean isReportedAs(UUID wanted) {
        return id.equals(wanted.toString());
    }

    /** A snapshot for {@link io.alisa.Alisa}. */
    public SessionReport report() {
        long steps = decodeSteps;
        DeviceSession device = kv.device();
        return new SessionReport(id, shape.describe(), mode.describe(), kv.isClosed(), tokens, phase(), kv.bytes(),
                kv.slowBytes(), shape.hostBytes(tokens), steps == 0 ? 0 : attendedTokens / steps, kv.deletedTokens(),
                kv.recomputedTokens(), Math.round(recalledTokens), kv.loadedBytes(), kv.stallNanos(), keptMass,
                kv.pinned().count(tokens), reusedTokens, device == null ? 0 : device.bytes());
    }

    @Override
    public void close() {
        kv.close();
    }
}
