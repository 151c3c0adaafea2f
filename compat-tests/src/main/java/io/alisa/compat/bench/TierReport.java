package io.alisa.compat.bench;

import java.util.List;
import java.util.Map;

import io.alisa.compat.bench.TierBench.Kind;
import io.alisa.compat.bench.TierBench.Outcome;
import io.alisa.compat.tiny.WeightType;

/** The table of a context that does not fit the fast tier. */
final class TierReport {
    private final WeightType weights;
    private final Map<Kind, Outcome> outcomes;

    TierReport(WeightType weights, Map<Kind, Outcome> outcomes) {
        this.weights = weights;
        this.outcomes = outcomes;
    }

    List<String> lines() {
        Table table = new Table("Decoding at " + Table.tokens(TierBench.TOKENS) + " tokens, 4 layers of Llama-3.2-1B, "
                + (weights == WeightType.F32 ? "F32 weights" : "Q4 weights with I8 activations"),
                List.of("", "ms per token", "loaded per token, MB", "stall per token, ms", "fast, % of the host's F32",
                        "slow, MB", "phase"));
        outcomes.forEach((kind, o) -> table.row(List.of(kind.label, Table.cell("%.1f", o.millis()),
                Table.cell("%.1f", o.loaded() / 1e6), Table.cell("%.2f", o.stallMillis()),
                Table.cell("%.2f", 100 * o.fastShare()), Table.cell("%.0f", o.slow() / 1e6), o.phase())));
        return table.lines();
    }

    void judge(Bars bars) {
        double split = millis(Kind.SPARSE_SPLIT);
        bars.atLeast("sparse 0.2 under a fast tier of 5.5 %: share of the speed in RAM, " + weights + " weights",
                "%.2f",
                0.7, millis(Kind.SPARSE_IN_RAM) / split);
        bars.timesAsFast("the same against a static split, " + weights + " weights", 3,
                millis(Kind.DENSE_SPLIT) / split);
        bars.atMost("fast tier held, share of the host's F32", "%.4f", 0.055,
                outcomes.get(Kind.SPARSE_SPLIT).fastShare());
    }

    private double millis(Kind kind) {
        return outcomes.get(kind).millis();
    }
}
