package io.alisa.sparse;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

import io.alisa.attention.AttentionKernels;
import io.alisa.attention.AttentionShape;
import io.alisa.attention.FedSession;
import io.alisa.attention.Teams;
import io.alisa.attention.Tokens;
import io.alisa.attention.VectorKernels;
import io.alisa.cache.KvFormat;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Samples of sparse steps say what dense attention would have weighed. */
class AttentionAuditTest {
    private static final AttentionShape SHAPE = new AttentionShape(2, 3, 32, 0);
    private static final Tokens TOKENS = Tokens.random(32, 2, 1);
    private static final AttentionKernels KERNELS = new VectorKernels();
    private static final int PROMPT = 300;
    private static final int STEPS = 200;

    @TempDir
    Path directory = Path.of("");

    /** What a sample must say. */
    private record Sample(int tokens, int attended, double keptMass, double sparsity) {
    }

    @ParameterizedTest
    @ValueSource(strings = {"swa", "swa-paper", "local", "dense"})
    void theKeptMassIsTheMeanOfSamples(String policy) {
        List<Sample> samples = new ArrayList<>();
        double kept = live(policy, 512, samples);
        assertThat(samples).hasSize(5); // after 8, 16, 32, 64 and 128 steps
        assertThat(kept).isCloseTo(samples.stream().mapToDouble(Sample::keptMass).average().orElseThrow(),
                within(1e-5));
        if (policy.equals("dense")) {
            assertThat(kept).isCloseTo(1, within(1e-9));
        } else {
            assertThat(kept).isBetween(0.05, 0.999);
        }
    }

    @Test
    void whoeverListensIsToldMore() throws IOException {
        List<Sample> samples = new ArrayList<>();
        Path file = directory.resolve("audit.jfr");
        try (Recording recording = new Recording()) {
            recording.enable("alisa.AttentionSample");
            recording.start();
            live("swa", 8, samples);
            recording.stop();
            recording.dump(file);
        }
        List<RecordedEvent> events = RecordingFile.readAllEvents(file).stream()
                .filter(event -> event.getEventType().getName().equals("alisa.AttentionSample")).toList();
        assertThat(events).hasSameSizeAs(samples).hasSize(STEPS / 8);
        for (int i = 0; i < events.size(); i++) {
            RecordedEvent event = events.get(i);
            Sample sample = samples.get(i);
            assertThat(event.getString("policy")).isEqualTo("swa");
            assertThat(event.getInt("layer")).isZero();
            assertThat(event.getInt("tokens")).isEqualTo(sample.tokens());
            assertThat(event.getInt("attended")).isEqualTo(sample.attended());
            assertThat(event.getDouble("keptMass")).isCloseTo(sample.keptMass(), within(1e-5));
            assertThat(event.getDouble("sparsity")).isCloseTo(sample.sparsity(), within(2.0 / sample.tokens()));
            assertThat(event.getDouble("rankCorrelation")).isBetween(-0.2, 1.0);
        }
    }

    /** Nobody listened for long: the next sample would have been long after. */
    @Test
    void whoeverBeginsToListenIsToldAtOnce() throws IOException {
        Path file = directory.resolve("late.jfr");
        try (Recording recording = new Recording();
                FedSession session = new FedSession(SHAPE, KvFormat.INT8, true, KERNELS, Teams.of(1), TOKENS)) {
            SparseSession sparse = new SparseSession("swa", new Budget(0.2, 0), session.kv, SHAPE, KERNELS,
                    session.team);
            session.begin(0, PROMPT);
            sparse.prefilled(0, session.layer(), 0, PROMPT, session.queries);
            session.settle();
            for (int position = PROMPT; position < PROMPT + 220; position++) { // samples at 8, 16 to 128, 256
                if (position == PROMPT + 180) {
                    recording.enable("alisa.AttentionSample");
                    recording.start();
                }
                session.begin(position, position + 1);
                sparse.decode(0, session.layer(), session.queries, new float[session.queries.length]);
                session.settle();
            }
            recording.stop();
            recording.dump(file);
        }
        assertThat(RecordingFile.readAllEvents(file)).filteredOn(
                event -> event.getEventType().getName().equals("alisa.AttentionSample")).hasSize(5);
    }

    /** Lives steps and adds what every {@code every}-th must say, KV heads in turn; returns the mean kept mass. */
    private static double live(String policy, int every, List<Sample> samples) {
        Budget budget = new Budget(0.2, 0);
        try (FedSession session = new FedSession(SHAPE, KvFormat.INT8, Policies.needsDigests(policy), KERNELS,
                Teams.of(2), TOKENS);
                SparseRun twin = new SparseRun(policy, budget, SHAPE, KvFormat.INT8, KERNELS, Teams.of(2), TOKENS)) {
            SparseSession sparse = new SparseSession(policy, budget, session.kv, SHAPE, KERNELS, session.team);
            session.begin(0, PROMPT);
            sparse.prefilled(0, session.layer(), 0, PROMPT, session.queries);
            session.settle();
            twin.prompt(0, PROMPT);
            int next = 8;
            for (int step = 1; step <= STEPS; step++) {
                int position = PROMPT + step - 1;
                session.begin(position, position + 1);
                sparse.decode(0, session.layer(), session.queries, new float[session.queries.length]);
                session.settle();
                twin.stepAt(position);
                if (step == next) {
                    samples.add(sample(twin, samples.size() % SHAPE.kvHeads()));
                    next += Math.min(every, next);
                }
            }
            return sparse.keptMass();
        }
    }

    private static Sample sample(SparseRun run, int kvHead) {
        int tokens = run.layer().tokens();
        int[] selected = run.selected(kvHead);
        double kept = 0;
        int negligible = 0;
        for (int g = 0; g < SHAPE.groupSize(); g++) {
            double[] weights = run.formula(kvHead, IntStream.range(0, tokens).toArray()).weights(run.session.queries,
                    SHAPE.row(kvHead, 0, g, 1) * SHAPE.rowStride());
            double max = 0;
            for (double weight : weights) {
                max = Math.max(max, weight);
            }
            for (double weight : weights) {
                negligible += weight < max / 100 ? 1 : 0;
            }
            for (int position : selected) {
                kept += weights[position] / SHAPE.groupSize();
            }
        }
        return new Sample(tokens, selected.length, kept, negligible / (double) (tokens * SHAPE.groupSize()));
    }
}
