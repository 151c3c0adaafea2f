package io.alisa.compat.bench;

import java.util.List;
import java.util.Map;

import io.alisa.compat.Operations;
import io.alisa.compat.bench.TierBench.Context;
import io.alisa.compat.bench.TierBench.Kind;
import io.alisa.compat.bench.TierBench.Outcome;
import io.alisa.compat.bench.TierBench.Result;
import io.alisa.compat.tiny.WeightType;

/** The table of a context that does not fit the fast tier. */
final class TierReport {
    private final Context context;
    private final WeightType weights;
    private final Operations operations;
    private final Map<Kind, Outcome> outcomes;

    TierReport(Context context, WeightType weights, Result result) {
        this.context = context;
        this.weights = weights;
        this.operations = result.operations();
        this.outcomes = result.outcomes();
    }

    List<String> lines() {
        Table table = new Table("Decoding at " + Table.tokens(context.tokens) + " tokens, "
                + Table.tokens((int) (context.ratio * context.tokens))
                + " of them attended where sparse, 4 layers of Llama-3.2-1B, "
                + (weights == WeightType.F32 ? "F32 weights" : "Q4 weights with I8 activations") + ", the host's "
                + (operations == Operations.PANAMA ? "Panama" : "native") + " operations, the faster ones here",
                List.of("", "ms per token", "loaded per token, MB", "stall per token, ms", "fast, % of the host's F32",
                        "slow, MB", "phase"));
        outcomes.forEach((kind, o) -> table.row(List.of(kind.label, Table.cell("%.1f", o.millis()),
                Table.cell("%.1f", o.loaded() / 1e6), Table.cell("%.2f", o.stallMillis()),
                Table.cell("%.2f", 100 * fastShare(o)), Table.cell("%.0f", o.slow() / 1e6), o.phase())));
        return table.lines();
    }

    void judge(Bars bars) {
        double split = millis(Kind.SPARSE_SPLIT);
        String what = "sparse under a fast tier of 5.5 % at " + Table.tokens(context.tokens) + " tokens, " + weights
                + " weights";
        bars.atLeast(what + ": share of the speed in RAM", "%.2f", 0.7, millis(Kind.SPARSE_IN_RAM) / split);
        bars.timesAsFast(what + ", against a static split", 3, millis(Kind.DENSE_SPLIT) / split);
        bars.atMost("fast tier held, share of the host's F32", "%.4f", 0.055,
                fastShare(outcome(Kind.SPARSE_SPLIT)));
    }

    private double fastShare(Outcome outcome) {
        return outcome.fast() / (double) context.hostBytes();
    }

    private Outcome outcome(Kind kind) {
        Outcome outcome = outcomes.get(kind);
        if (outcome == null) {
            throw new IllegalStateException(kind + " was not measured");
        }
        return outcome;
    }

    private double millis(Kind kind) {
        return outcome(kind).millis();
    }
}
