package io.alisa.sparse;

import java.util.Arrays;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

import io.alisa.attention.AttentionKernels;
import io.alisa.attention.AttentionShape;
import io.alisa.attention.FedSession;
import io.alisa.attention.Formula;
import io.alisa.attention.Tokens;
import io.alisa.cache.KvFormat;
import io.alisa.cache.KvLayer;
import io.alisa.parallel.WorkerTeam;
import org.jspecify.annotations.Nullable;

/** Steps of one layer under a policy, and what the formula says about exactly what the policy chose. */
final class SparseRun implements AutoCloseable {
    final FedSession session;
    final TokenSelector selector;
    final SparseAttention attention;
    private final SparseScratch scratch;
    private float[] outputs = {};

    SparseRun(String policy, Budget budget, AttentionShape shape, KvFormat format, AttentionKernels kernels,
            WorkerTeam team, Tokens tokens) {
        boolean digested = Policies.needsDigests(policy);
        session = new FedSession(shape, format, digested, kernels, team, tokens);
        scratch = new SparseScratch(session.kv, shape, kernels, team);
        selector = digested
                ? new SketchSelector(budget, shape, kernels, team.size(), session.layer(),
                        SketchSelector.NEARLY)
                : Policies.selector(policy, budget, shape);
        attention = new SparseAttention(session.layer(), selector, scratch);
    }

    KvLayer layer() {
        return session.layer();
    }

    void prompt(int from, int to) {
        session.begin(from, to);
        attention.observePrompt(layer(), from, to - from, session.queries);
        session.settle();
    }

    /** A step whose outcome can be looked at until the next one. */
    float[] step() {
        return stepAt(layer().tokens());
    }

    float[] stepAt(int position) {
        session.settle();
        session.begin(position, position + 1);
        outputs = new float[session.queries.length];
        attention.run(layer(), session.queries, outputs);
        return session.withoutPadding(outputs);
    }

    /** What the last step attended. */
    int[] selected(int kvHead) {
        return Arrays.copyOf(scratch.selection.positions(kvHead), scratch.selection.count(kvHead));
    }

    /** The formula over the chosen tokens and, where the policy estimates the skipped ones, over their block means. */
    double[] expected() {
        AttentionShape shape = session.shape;
        double[] expected = new double[outputs.length];
        for (int kvHead = 0; kvHead < shape.kvHeads(); kvHead++) {
            for (int g = 0; g < shape.groupSize(); g++) {
                Formula formula = formula(kvHead, selected(kvHead));
                addSkipped(formula, kvHead, g, selector.skipped());
                int row = shape.row(kvHead, 0, g, 1) * shape.rowStride();
                formula.attend(session.queries, row, expected, row);
            }
        }
        return expected;
    }

    Formula formula(int kvHead, int[] positions) {
        Formula formula = new Formula(session.shape);
        int newest = layer().tokens() - 1;
        for (int position : positions) {
            formula.add(session.seenKey(position, kvHead, newest), session.seenValue(position, kvHead, newest));
        }
        return formula;
    }

    private void addSkipped(Formula formula, int kvHead, int g, @Nullable SkippedMass skipped) {
        if (skipped == null) {
            return;
        }
        for (int block = 0; block < skipped.blocks(); block++) {
            double weight = skipped.weights()[skipped.index(kvHead, g) + block];
            if (weight > 0) {
                float[] mean = new float[session.shape.headSize()];
                if (block < session.digest().blocks()) {
                    session.digest().means().rows().readValue(block, kvHead, mean);
                } else {
                    addMeanOfSkipped(mean, block, kvHead);
                }
                formula.addWeighted(Math.log(weight) + skipped.reference(kvHead, g), mean);
            }
        }
    }

    private void addMeanOfSkipped(float[] mean, int block, int kvHead) {
        Set<Integer> attended = Arrays.stream(selected(kvHead)).boxed().collect(Collectors.toSet());
        int[] skipped = IntStream.range(64 * block, layer().tokens()).filter(i -> !attended.contains(i)).toArray();
        for (int position : skipped) {
            float[] value = session.seenValue(position, kvHead, layer().tokens() - 1);
            for (int c = 0; c < mean.length; c++) {
                mean[c] += value[c] / skipped.length;
            }
        }
    }

    SkippedMass skipped() {
        return Objects.requireNonNull(selector.skipped());
    }

    @Override
    public void close() {
        session.close();
    }
}
