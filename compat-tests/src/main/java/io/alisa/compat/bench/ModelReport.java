package io.alisa.compat.bench;

import java.util.ArrayList;
import java.util.List;

import io.alisa.compat.tiny.WeightType;

/** The table of a 1B-shaped model decoding. */
final class ModelReport {
    private final WeightType weights;
    private final Figures model;

    ModelReport(WeightType weights, Figures model) {
        this.weights = weights;
        this.model = model;
    }

    List<String> lines() {
        List<String> lines = new ArrayList<>();
        for (int tokens : model.tokens()) {
            Table table = new Table("Decoding at " + Table.tokens(tokens) + " tokens, "
                    + (weights == WeightType.F32 ? "F32 weights" : "Q4 weights with I8 activations")
                    + ": an eighth of Llama-3.2-1B (2 of 16 layers, 16,032 of 128,256 tokens, else its shape), random"
                    + " weights; the output layer included", List.of("", "ms per token", "tokens/s", "host / this"));
            for (Opponent opponent : model.opponents()) {
                double micros = model.time(opponent, tokens);
                table.row(List.of(opponent.label(), Table.cell("%.1f", micros / 1e3), Table.cell("%.1f", 1e6 / micros),
                        Table.cell("%.2f", model.best(Mode.HOST, tokens) / micros)));
            }
            lines.addAll(table.lines());
        }
        return lines;
    }

    void judge(Bars bars) {
        for (int tokens : model.tokens()) {
            bars.timesAsFast("sparse 0.2: decoding at " + Table.tokens(tokens) + " tokens, " + weights
                    + " weights, host / plugin", weights == WeightType.F32 ? 3 : 5,
                    model.best(Mode.HOST, tokens) / model.best(Mode.SPARSE_20, tokens));
        }
    }
}
