package io.alisa.compat.bench;

import java.util.ArrayList;
import java.util.List;

/** The tables of the small model: decoding with what it allocates, and reading a prompt. */
final class SmallModelReport {
    private static final String SHAPE = "4 layers, 256 wide";
    /** Bytes per token that the profiler itself may add or miss. */
    private static final double ALLOCATION_NOISE = 256;
    private static final double PREFILL_SLACK = 1.1;

    private SmallModelReport() {
    }

    static List<String> decode(Figures figures, Bars bars) {
        Table table = new Table("Decoding at 2,048 tokens, " + SHAPE
                + ": the host's own code allocates, ours does not",
                List.of("", "µs per token",
                        "bytes allocated per token, the host's included"));
        for (int tokens : figures.tokens()) {
            for (Opponent opponent : figures.opponents()) {
                double bytes = figures.bytes(opponent, tokens);
                table.row(List.of(opponent.label(), Table.cell("%.0f", figures.time(opponent, tokens)),
                        Table.cell("%,.0f", bytes)));
                if (opponent.mode().isPlugin() && opponent.mode() != Mode.EXACT) {
                    double exact = figures.bytes(new Opponent(Mode.EXACT, opponent.panama()), tokens);
                    bars.atMost(opponent.mode().label() + ": bytes allocated per token, more than exact mode", "%,.0f",
                            ALLOCATION_NOISE, bytes - exact);
                }
            }
        }
        return table.lines();
    }

    static List<String> prefill(Figures figures, Bars bars) {
        List<String> head = new ArrayList<>(List.of("tokens"));
        figures.opponents().forEach(opponent -> head.add(opponent.label()));
        List<Mode> plugin = figures.opponents().stream().map(Opponent::mode).filter(Mode::isPlugin).distinct().toList();
        plugin.forEach(mode -> head.add("host / " + mode.label()));
        Table table = new Table("Reading a prompt, " + SHAPE + ", ms; ratios are of the faster operations", head);
        for (int tokens : figures.tokens()) {
            List<String> row = new ArrayList<>(List.of(Table.tokens(tokens)));
            figures.opponents().forEach(opponent -> row.add(Table.cell("%.0f", figures.time(opponent, tokens))));
            plugin.forEach(mode -> row
                    .add(Table.cell("%.2f", figures.best(Mode.HOST, tokens) / figures.best(mode, tokens))));
            table.row(row);
            for (Opponent opponent : figures.opponents()) {
                if (opponent.mode().isPlugin() && opponent.mode() != Mode.EXACT) {
                    double exact = figures.time(new Opponent(Mode.EXACT, opponent.panama()), tokens);
                    bars.atMost(
                            opponent.mode().label() + ": prompt of " + Table.tokens(tokens)
                                    + " tokens, over exact mode",
                            "%.2f", PREFILL_SLACK, figures.time(opponent, tokens) / exact);
                }
            }
        }
        return table.lines();
    }
}
