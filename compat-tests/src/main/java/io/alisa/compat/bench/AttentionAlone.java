package io.alisa.compat.bench;

import java.util.DoubleSummaryStatistics;
import java.util.List;
import java.util.stream.DoubleStream;
import java.util.stream.Stream;

/**
 * Attention alone, of a layer that was measured whole: its time with the operations that it is faster with, less the
 * baseline, its time with the same operations at a size where attention is next to nothing.
 */
final class AttentionAlone {
    /** They run the same code at the baseline's size, densely and in INT8: what they differ by there is chance. */
    private static final List<Mode> ALIKE = List.of(Mode.INT8, Mode.SPARSE_20, Mode.SPARSE_10);
    /** A difference of so many spreads is known to a fifth. */
    private static final int SPREADS = 5;

    private final Figures layer;
    private final int base;

    /** @param base the size that stands for the rest of the layer */
    AttentionAlone(Figures layer, int base) {
        this.layer = layer;
        this.base = base;
    }

    /** NaN where it is not large enough to be told from what the baseline may be off by. */
    double time(Mode mode, int tokens) {
        Opponent faster = layer.faster(mode, tokens);
        double time = layer.time(faster, tokens) - baseline(faster);
        return time >= least() ? time : Double.NaN;
    }

    /** What is told from chance. */
    double least() {
        return SPREADS * spread();
    }

    /**
     * How far apart baselines of the same code lie: a JVM is started for each, and no two compile and place it alike. NaN
     * where there are no two.
     */
    double spread() {
        return Stream.of(true, false).map(this::alike).filter(times -> times.getCount() > 1)
                .mapToDouble(times -> times.getMax() - times.getMin()).max().orElse(Double.NaN);
    }

    /** Modes that run the same code have one, the mean: none of them is known to be right. */
    double baseline(Opponent opponent) {
        return ALIKE.contains(opponent.mode())
                ? alike(opponent.panama()).getAverage()
                : layer.time(opponent, base);
    }

    private DoubleSummaryStatistics alike(boolean panama) {
        return ALIKE.stream().mapToDouble(mode -> layer.time(new Opponent(mode, panama), base))
                .filter(time -> !Double.isNaN(time)).summaryStatistics();
    }
}
