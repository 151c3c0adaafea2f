package io.alisa.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.lang.ref.WeakReference;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;

import io.alisa.Phase;
import io.alisa.SessionReport;
import io.alisa.attention.AttentionKernels;
import io.alisa.attention.DigestWriter;
import io.alisa.attention.FakeDevice;
import io.alisa.attention.KvWriter;
import io.alisa.attention.Teams;
import io.alisa.attention.Tokens;
import io.alisa.attention.VectorKernels;
import io.alisa.cache.KvFormat;
import io.alisa.cache.KvMemory;
import io.alisa.cache.KvLayer;
import io.alisa.cache.KvLayout;
import io.alisa.cache.SketchLayout;
import io.alisa.device.DeviceTier;
import io.alisa.sparse.Budget;
import io.alisa.sparse.SparseSession;
import io.alisa.tier.MemoryBudget;
import io.alisa.tier.MemoryFile;
import io.alisa.tier.MemoryFullException;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a session counts and reports, step by step, and what a recording hears of it. */
class HostSessionTest {
    private static final int HEAD_SIZE = 32;
    private static final ModelShape SHAPE = new ModelShape("TINY", 2, 2048, 128, 0, 2, 2, 0, 4, HEAD_SIZE, KvFormat.F32,
            1, 0, 2 * HEAD_SIZE * Float.BYTES);
    private static final AttentionKernels KERNELS = new VectorKernels();
    private static final Tokens TOKENS = Tokens.random(HEAD_SIZE, 2, 1);
    private static final int PROMPT = 200;
    private static final int MIN_CONTEXT = 210;
    private static final int STEPS = 100;

    @TempDir
    Path directory = Path.of("");

    private static HostSession session(SessionMode mode) {
        return new HostSession(SHAPE, mode, KvMemory.unlimited(), KERNELS, Teams.of(2));
    }

    private static SessionMode swa() {
        return new SessionMode(KvFormat.INT8, false, "swa", new Budget(0.2, MIN_CONTEXT));
    }

    /** What the adapter does in all layers. Returns what the last one says. */
    private static float[] step(HostSession session, int start, int end) {
        KvWriter writer = new KvWriter(KERNELS);
        float[] queries = queries(session, start, end - start);
        float[] outputs = new float[queries.length];
        for (int index = 0; index < SHAPE.layers(); index++) {
            KvLayer layer = session.kv().layer(index);
            layer.resize(start, end);
            for (int position = start; position < end; position++) {
                for (int kvHead = 0; kvHead < 2; kvHead++) {
                    writer.putKey(layer, position, kvHead, TOKENS.key(position, kvHead));
                    writer.putValue(layer, position, kvHead, TOKENS.value(position, kvHead));
                }
            }
            DigestWriter digests = session.digests();
            if (digests != null) {
                digests.update(layer);
            }
            layer.pin();
            try {
                session.attend(index, layer, start, end - start, queries, outputs);
            } finally {
                layer.unpin();
            }
            layer.settle();
        }
        session.stepDone(end, end - start);
        return outputs;
    }

    private static float[] queries(HostSession session, int start, int batch) {
        float[] queries = new float[session.attentionShape().floats(batch)];
        for (int kvHead = 0; kvHead < 2; kvHead++) {
            for (int position = 0; position < batch; position++) {
                for (int g = 0; g < 2; g++) {
                    System.arraycopy(TOKENS.query(start + position, kvHead, g), 0, queries,
                            session.attentionShape().row(kvHead, position, g, batch) * HEAD_SIZE, HEAD_SIZE);
                }
            }
        }
        return queries;
    }

    /** In the order in which they happened: a file has them in that of the buffers that they were in. */
    private static List<RecordedEvent> events(Path file) throws IOException {
        return RecordingFile.readAllEvents(file).stream().sorted(Comparator.comparing(RecordedEvent::getStartTime))
                .toList();
    }

    private static void live(HostSession session) {
        step(session, 0, PROMPT);
        for (int position = PROMPT; position < PROMPT + STEPS; position++) {
            step(session, position, position + 1);
        }
    }

    @Test
    void everyDecodedTokenIsAnEvent() throws IOException {
        Path file = directory.resolve("steps.jfr");
        SessionReport report;
        try (Recording recording = new Recording(); HostSession session = session(swa())) {
            recording.enable("alisa.DecodeStep");
            recording.enable("alisa.AttentionSample");
            recording.start();
            live(session);
            recording.stop();
            recording.dump(file);
            report = session.report();
        }
        List<RecordedEvent> events = events(file);
        List<RecordedEvent> steps = events.stream().filter(e -> e.getEventType().getName().equals("alisa.DecodeStep"))
                .toList();
        assertThat(steps).hasSize(STEPS);
        double recalled = 0;
        double attended = 0;
        for (int i = 0; i < STEPS; i++) {
            RecordedEvent event = steps.get(i);
            int tokens = PROMPT + i + 1;
            assertThat(event.getString("session")).isEqualTo(report.id());
            assertThat(event.getInt("tokens")).isEqualTo(tokens);
            if (tokens < MIN_CONTEXT) {
                assertThat(event.getDouble("attended")).isCloseTo(tokens, within(1e-6));
                assertThat(event.getDouble("recalled")).isZero();
            } else {
                assertThat(event.getDouble("attended")).isBetween(0.18 * tokens, 0.2 * tokens + 1e-6);
                assertThat(event.getDuration("attendTime")).isPositive();
                assertThat(event.getDuration("selectTime")).isPositive();
            }
            assertThat(event.getLong("hostEquivalentBytes")).isEqualTo(SHAPE.hostBytes(tokens));
            assertThat(event.getLong("deletedTokens")).isZero();
            attended += event.getDouble("attended");
            recalled += event.getDouble("recalled");
        }
        assertThat(report.attendedTokensPerStep()).isCloseTo(attended / STEPS, within(1e-6));
        assertThat(report.recalledTokens()).isEqualTo(Math.round(recalled)).isPositive();
        assertThat(report.fastBytes()).isEqualTo(steps.getLast().getLong("fastBytes")).isPositive();
        assertThat(events.stream().filter(e -> e.getEventType().getName().equals("alisa.AttentionSample")))
                .isNotEmpty().allSatisfy(e -> assertThat(e.getInt("layer")).isBetween(0, 1))
                .anySatisfy(e -> assertThat(e.getInt("layer")).isEqualTo(1));
    }

    /** The host cuts prompts into batches: of some of them the last has a single token. */
    @Test
    void aPromptsLastTokenIsAttendedDenselyThoughItComesAlone() {
        int end = MIN_CONTEXT + 50;
        try (HostSession sparse = session(swa());
                HostSession dense = session(new SessionMode(KvFormat.INT8, false, null, new Budget(1, 0)))) {
            for (HostSession session : List.of(sparse, dense)) {
                session.promptUntil(end);
                step(session, 0, end - 1);
            }
            assertThat(step(sparse, end - 1, end)).isEqualTo(step(dense, end - 1, end));
            assertThat(sparse.report().attendedTokensPerStep()).as("no token was decoded").isZero();
            assertThat(sparse.report().tokens()).isEqualTo(end);
            assertThat(step(sparse, end, end + 1)).isNotEqualTo(step(dense, end, end + 1));
            assertThat(sparse.report().attendedTokensPerStep()).isBetween(1.0, 0.2 * (end + 1));
        }
    }

    @Test
    void aSparseSessionReportsWhatItDoes() {
        try (HostSession session = session(swa())) {
            assertThat(session.report().keptMass()).isEqualTo(1);
            live(session);
            SessionReport report = session.report();
            assertThat(report.mode()).isEqualTo("sparse swa 20 % INT8");
            assertThat(report.tokens()).isEqualTo(PROMPT + STEPS);
            assertThat(report.keptMass()).isBetween(0.3, 1.0);
            assertThat(report.hostEquivalentBytes()).isEqualTo(2L * 2 * 256 * (PROMPT + STEPS));
            assertThat(report.fastBytes()).isEqualTo(session.kv().bytes()).isPositive();
        }
    }

    @Test
    void aDenseSessionAttendsAll() {
        try (HostSession session = session(new SessionMode(KvFormat.INT8, false, null, new Budget(1, 0)))) {
            live(session);
            SessionReport report = session.report();
            assertThat(report.mode()).isEqualTo("dense INT8");
            assertThat(report.attendedTokensPerStep()).isEqualTo(PROMPT + (STEPS + 1) / 2.0);
            assertThat(report.recalledTokens()).isZero();
            assertThat(report.keptMass()).isEqualTo(1);
            assertThat(session.digests()).isNull();
        }
    }

    /** What is counted and reported is the same, but for what is on the device. */
    @Test
    void aDeviceChangesNoNumberButItsOwn() throws IOException {
        for (SessionMode mode : List.of(swa(), new SessionMode(KvFormat.INT8, false, null, new Budget(1, 0)))) {
            Path file = directory.resolve("transfers.jfr");
            SessionReport alone;
            try (HostSession session = session(mode)) {
                live(session);
                alone = session.report();
            }
            MemoryBudget room = MemoryBudget.unlimited();
            DeviceTier tier = new DeviceTier(new FakeDevice(room), room, warning -> {
                throw new AssertionError(warning);
            });
            try (Recording recording = new Recording(); HostSession session = session(mode)) {
                session.useDevice(tier);
                recording.enable("alisa.TierTransfer");
                recording.disable("alisa.DecodeStep");
                recording.disable("alisa.AttentionSample"); // who listens to it has more samples taken
                recording.start();
                live(session);
                recording.stop();
                recording.dump(file);
                SessionReport report = session.report();
                long block = session.kv().layout().blockBytes();
                long held = 2 * (4 * block + (mode.policy() == null ? 0 : digestBytes(4)));
                assertThat(report.deviceBytes()).isEqualTo(room.reserved()).isEqualTo(held);
                assertThat(report.attendedTokensPerStep()).isEqualTo(alone.attendedTokensPerStep());
                assertThat(report.recalledTokens()).isEqualTo(alone.recalledTokens());
                assertThat(report.keptMass()).isEqualTo(alone.keptMass());
                assertThat(report.phase()).isEqualTo(alone.phase());
                List<RecordedEvent> events = events(file);
                long uploaded = events.stream().mapToLong(e -> e.getLong("uploadedBytes")).sum();
                if (mode.policy() == null) {
                    assertThat(uploaded).isEqualTo(held);
                } else { // the block of means goes up again as it grows
                    assertThat(uploaded).isBetween(held, held + 2 * 4 * block);
                }
                assertThat(events.getLast().getLong("deviceBytes")).isEqualTo(held);
            }
            assertThat(room.reserved()).isZero();
        }
    }

    /** Bytes of a layer's digest: a sketch per block, and their means, which fill one block in part. */
    private static long digestBytes(int blocks) {
        return blocks * new SketchLayout(SHAPE.kvHeads(), SHAPE.headSize()).blockBytes()
                + new KvLayout(KvFormat.INT8, SHAPE.kvHeads(), SHAPE.headSize()).blockBytes();
    }

    /** And not from what it has been: what fits again is back in the first phase. */
    @Test
    void thePhaseFollowsFromWhatIsWhere() throws IOException {
        Path file = directory.resolve("phases.jfr");
        KvMemory memory = new KvMemory(MemoryBudget.unlimited(), MemoryBudget.unlimited(),
                MemoryFile::new);
        try (Recording recording = new Recording();
                HostSession session = new HostSession(SHAPE, swa(), memory, KERNELS, Teams.of(2))) {
            recording.enable("alisa.PhaseChange");
            recording.enable("alisa.TierTransfer");
            recording.start();
            live(session);
            assertThat(session.report().phase()).isEqualTo(Phase.I);
            session.kv().giveBack(session.kv().bytes() / 2);
            assertThat(session.report().phase()).isEqualTo(Phase.II);
            int end = PROMPT + STEPS;
            for (int position = end; session.report().phase() != Phase.I && position < end + STEPS; position++) {
                step(session, position, position + 1);
            }
            assertThat(session.report().phase()).as("all came back").isEqualTo(Phase.I);
            recording.stop();
            recording.dump(file);
            List<RecordedEvent> events = events(file);
            assertThat(events.stream().filter(e -> e.getEventType().getName().equals("alisa.PhaseChange"))
                    .map(e -> e.getString("from") + " to " + e.getString("to"))).containsExactly("I to II", "II to I");
            assertThat(events.stream().filter(e -> e.getEventType().getName().equals("alisa.TierTransfer"))
                    .mapToLong(e -> e.getLong("loadedBytes")).sum()).isEqualTo(session.report().loadedBytes())
                    .isPositive();
        }
    }

    /** Only eight bits go there. */
    @Test
    void floatsStayAway() {
        MemoryBudget room = MemoryBudget.unlimited();
        DeviceTier tier = new DeviceTier(new FakeDevice(room), room, warning -> {
            throw new AssertionError(warning);
        });
        try (HostSession session = session(new SessionMode(KvFormat.F32, false, "h2o", new Budget(0.2, 0)))) {
            session.useDevice(tier);
            live(session);
            assertThat(session.report().deviceBytes()).isZero();
        }
    }

    @Test
    void onlyTheDefaultPolicyNeedsDigests() {
        for (String policy : List.of("swa", "swa-paper", "h2o", "local")) {
            try (HostSession session = session(new SessionMode(KvFormat.F32, false, policy, new Budget(0.2, 0)))) {
                assertThat(session.digests() != null).as(policy).isEqualTo(policy.equals("swa"));
                live(session);
                assertThat(session.report().attendedTokensPerStep()).as(policy).isBetween(40.0, 51.0);
            }
        }
    }

    /** As many sessions as one likes may fail to open: the next has all of the memory. */
    @Test
    void aSessionThatFindsNoRoomGivesBackWhatItTook() {
        int failures = 0;
        for (long cap = 0; cap < 100_000; cap += 4000) {
            MemoryBudget fast = new MemoryBudget(cap);
            KvMemory memory = new KvMemory(fast, new MemoryBudget(0), KvMemory.unlimited().files());
            try (HostSession session = new HostSession(SHAPE, swa(), memory, KERNELS, Teams.of(2))) {
                assertThat(session.kv().bytes()).isLessThanOrEqualTo(cap);
            } catch (MemoryFullException e) {
                failures++;
            }
            assertThat(fast.reserved()).as("%s bytes", cap).isZero();
            assertThat(fast.share()).as("nobody is left").isEqualTo(cap);
        }
        assertThat(failures).isBetween(2, 24);
    }

    /** A session may be kept for half an hour after its prompt. */
    @Test
    void noBatchOutlivesItsPrompt() {
        for (SessionMode mode : List.of(SessionMode.exact(KvFormat.F32), swa())) {
            try (HostSession session = session(mode)) {
                WeakReference<float[]> batch = new WeakReference<>(prompt(session));
                assertThat(Garbage.collectUntil(() -> batch.refersTo(null))).as(mode.describe()).isTrue();
            }
        }
    }

    private static float[] prompt(HostSession session) {
        float[] queries = queries(session, 0, PROMPT);
        float[] outputs = new float[queries.length];
        KvLayer layer = session.kv().layer(0);
        layer.resize(0, PROMPT);
        session.prefill().run(layer, 0, PROMPT, queries, outputs);
        layer.settle();
        return queries;
    }
}
