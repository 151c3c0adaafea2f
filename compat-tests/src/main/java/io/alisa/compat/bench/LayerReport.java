package io.alisa.compat.bench;

import java.util.ArrayList;
import java.util.List;

/** The tables of one attention layer: all of it, and attention alone. */
final class LayerReport {
    private static final String SHAPE = "F32 weights, 2048 wide, 32 heads / 8 KV heads of 64";
    private static final int BAR_TOKENS = 16_384;

    private static final int BASE = Sizes.LAYER.getFirst();

    private final Figures layer;
    private final AttentionAlone attention;
    private final KernelTimes kernels;

    LayerReport(Figures layer, KernelTimes kernels) {
        this.layer = layer;
        this.attention = new AttentionAlone(layer, BASE);
        this.kernels = kernels;
    }

    List<String> lines() {
        List<String> lines = new ArrayList<>(whole().lines());
        lines.addAll(lessBaseline().lines());
        if (!kernels.isEmpty()) {
            lines.addAll(measuredAlone().lines());
        }
        return lines;
    }

    void judge(Bars bars) {
        judge(bars, Mode.INT8, 10);
        judge(bars, Mode.SPARSE_20, 25);
    }

    private void judge(Bars bars, Mode mode, double bar) {
        double host = attention.time(Mode.HOST, BAR_TOKENS);
        String what = mode.label() + ": attention at " + Table.tokens(BAR_TOKENS) + " tokens, host / plugin, ";
        bars.timesAsFast(what + "layer less layer at 16", bar, host / attention.time(mode, BAR_TOKENS));
        bars.timesAsFast(what + "plugin's measured alone", bar, host / kernels.of(mode, BAR_TOKENS));
    }

    private Table whole() {
        List<String> head = new ArrayList<>(List.of("tokens"));
        layer.opponents().forEach(opponent -> head.add(opponent.label()));
        Mode.PLUGIN.forEach(mode -> head.add("host / " + mode.label()));
        Table table = new Table("One attention layer decoding one token, " + SHAPE
                + ", µs; ratios are of the faster operations", head);
        for (int tokens : layer.tokens()) {
            List<String> row = new ArrayList<>(List.of(Table.tokens(tokens)));
            layer.opponents().forEach(opponent -> row.add(Table.cell("%.0f", layer.time(opponent, tokens))));
            for (Mode mode : Mode.PLUGIN) {
                row.add(Table.cell("%.2f", layer.best(Mode.HOST, tokens) / layer.best(mode, tokens)));
            }
            table.row(row);
        }
        return table;
    }

    private Table lessBaseline() {
        List<String> head = new ArrayList<>(List.of("tokens", "host"));
        Mode.PLUGIN.forEach(mode -> head.add(mode.label()));
        Mode.PLUGIN.forEach(mode -> head.add("host / " + mode.label()));
        Table table = new Table("Attention alone: the layer less its baseline, the same layer at " + BASE
                + " tokens, µs. INT8 and sparse modes run the same code there: their baseline is the mean of what they"
                + " took, which lies " + Table.cell("%.0f", attention.spread()) + " µs apart; what is less than "
                + Table.cell("%.0f", attention.least()) + " is left out", head);
        for (int tokens : layer.tokens()) {
            if (tokens > BASE) {
                double host = attention.time(Mode.HOST, tokens);
                List<String> row = new ArrayList<>(List.of(Table.tokens(tokens), Table.cell("%.0f", host)));
                Mode.PLUGIN.forEach(mode -> row.add(Table.cell("%.0f", attention.time(mode, tokens))));
                Mode.PLUGIN.forEach(mode -> row.add(Table.cell("%.1f", host / attention.time(mode, tokens))));
                table.row(row);
            }
        }
        return table;
    }

    private Table measuredAlone() {
        List<String> head = new ArrayList<>(List.of("tokens"));
        Mode.PLUGIN.forEach(mode -> head.add(mode.label()));
        Mode.PLUGIN.forEach(mode -> head.add("host / " + mode.label()));
        Table table = new Table(
                "Attention alone: the host's as above, the plugin's measured without a layer around it, µs",
                head);
        for (int tokens : layer.tokens()) {
            if (Sizes.KERNEL.contains(tokens)) {
                List<String> row = new ArrayList<>(List.of(Table.tokens(tokens)));
                Mode.PLUGIN.forEach(mode -> row.add(Table.cell("%.0f", kernels.of(mode, tokens))));
                Mode.PLUGIN.forEach(mode -> row
                        .add(Table.cell("%.1f", attention.time(Mode.HOST, tokens) / kernels.of(mode, tokens))));
                table.row(row);
            }
        }
        return table;
    }
}
