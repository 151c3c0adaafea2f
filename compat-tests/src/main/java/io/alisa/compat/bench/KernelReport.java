package io.alisa.compat.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.DoubleStream;

/** The kernels' tables. */
final class KernelReport {
    private static final String SHAPE = "32 heads / 8 KV heads of 64";
    private static final int BAR_TOKENS = 16_384;

    private final KernelTimes times;

    KernelReport(KernelTimes times) {
        this.times = times;
    }

    List<String> lines() {
        List<String> lines = new ArrayList<>();
        lines.addAll(dense(Mode.EXACT, "F32").lines());
        lines.addAll(dense(Mode.INT8, "INT8").lines());
        lines.addAll(sparse().lines());
        lines.addAll(fixedBudget().lines());
        return lines;
    }

    void judge(Bars bars) {
        bars.atMost("sparse 0.2 at 16,384 tokens: selection's share of the attention", "%.2f", 0.5,
                times.sparse(0.2, BAR_TOKENS).selectShare());
        bars.atMost("1,024 attended tokens: slowest context over fastest", "%.2f", 1.25,
                fixedBudgetTimes().max().orElse(Double.NaN) / fixedBudgetTimes().min().orElse(Double.NaN));
    }

    private Table dense(Mode mode, String format) {
        Table table = new Table("Dense decode attention alone, " + format + " KV, " + SHAPE, List.of("tokens",
                "attention, µs", "GB/s", "only reading, µs", "GB/s", "of that", "of the memory's bandwidth"));
        int largest = Sizes.KERNEL.getLast();
        double memory = bytes(Mode.EXACT, largest) / times.read(Mode.EXACT, largest);
        for (int tokens : Sizes.KERNEL) {
            double micros = times.attend(mode, tokens);
            double floor = times.read(mode, tokens);
            double bytes = bytes(mode, tokens);
            table.row(List.of(Table.tokens(tokens), Table.cell("%.0f", micros),
                    Table.cell("%.1f", bytes / micros / 1e3),
                    Table.cell("%.0f", floor), Table.cell("%.1f", bytes / floor / 1e3),
                    Table.cell("%.0f %%", 100 * floor / micros), Table.cell("%.0f %%", 100 * bytes / micros / memory)));
        }
        return table;
    }

    /** What a dense step must read: 8 KV heads of 64 channels, twice. The plugin's own layout is not on our class path. */
    private static double bytes(Mode mode, int tokens) {
        return 2.0 * 8 * (mode == Mode.EXACT ? 64 * Float.BYTES : 64 + 1) * tokens;
    }

    private Table sparse() {
        Table table = new Table("Sparse decode attention alone, INT8 KV, " + SHAPE
                + "; keys are normally distributed, a query is such a vector plus four keys", stepHead());
        for (double ratio : KernelRuns.RATIOS) {
            for (int tokens : Sizes.KERNEL) {
                table.row(row(ratio, tokens));
            }
        }
        return table;
    }

    private Table fixedBudget() {
        Table table = new Table("The same with " + Table.tokens(KernelRuns.FIXED_BUDGET)
                + " attended tokens in any context", stepHead());
        for (int tokens : Sizes.FIXED_BUDGET) {
            table.row(row(KernelRuns.fixedBudget(tokens), tokens));
        }
        return table;
    }

    private static List<String> stepHead() {
        return List.of("ratio", "tokens", "µs", "selection, µs", "attention, µs", "selection's share",
                "F32 dense / this",
                "INT8 dense / this");
    }

    private List<String> row(double ratio, int tokens) {
        KernelTimes.Step step = times.sparse(ratio, tokens);
        return List.of(Table.cell("%.3f", ratio), Table.tokens(tokens), Table.cell("%.0f", step.micros()),
                Table.cell("%.0f", step.selectMicros()), Table.cell("%.0f", step.attendMicros()),
                Table.cell("%.0f %%", 100 * step.selectShare()),
                Table.cell("%.1f", times.attend(Mode.EXACT, tokens) / step.micros()),
                Table.cell("%.1f", times.attend(Mode.INT8, tokens) / step.micros()));
    }

    private DoubleStream fixedBudgetTimes() {
        return Sizes.FIXED_BUDGET.stream()
                .mapToDouble(tokens -> times.sparse(KernelRuns.fixedBudget(tokens), tokens).micros());
    }
}
