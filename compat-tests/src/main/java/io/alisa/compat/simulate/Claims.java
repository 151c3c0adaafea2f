package io.alisa.compat.simulate;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.DoublePredicate;
import java.util.stream.Collectors;

import io.alisa.schedule.Recomputation;

/** The paper's claims beside what its cost model says here, and what that says of grouped heads. All of it computed. */
final class Claims {
    private static final double FLEXGEN_LEAST = 1.4;
    private static final double FLEXGEN_MOST = 3.0;
    private static final double RECOMPUTE_LEAST = 1.2;
    /** Two runs closer than this are equally fast. */
    private static final double SAME = 0.01;

    private final Results results;
    /** The paper's models, where the KV does not fit the GPU: elsewhere there is nothing to schedule. */
    private final List<Results.Case> paper;
    private final List<Results.Case> grouped;

    Claims(Results results) {
        this.results = results;
        this.paper = results.cases(c -> !c.grouped() && !c.roomy());
        this.grouped = results.cases(Results.Case::grouped);
    }

    /** Rows of claim, paper, here, verdict. */
    List<List<String>> rows() {
        List<List<String>> rows = new ArrayList<>();
        List<Double> flexgen = results.ratios(paper, Policy.ALISA, Policy.STATIC_SPLIT);
        rows.add(List.of("ALISA over FlexGen's static split, paper's models, KV larger than the GPU's room",
                "1.4 to 3.0 times", range(flexgen), overFlexgen(flexgen)));
        List<Double> phases = results.ratios(paper, Policy.DENSE_PHASES, Policy.STATIC_SPLIT);
        rows.add(List.of("of that, the three phases alone (dense, FP16)", "about a third", range(phases),
                counted(phases, r -> r > 1 + SAME, "faster than the static split") + impossible(phases)));
        List<Double> sparse = results.ratios(paper, Policy.ALISA_FP16, Policy.DENSE_PHASES);
        rows.add(List.of("of that, sparse attention", "about a third", range(sparse),
                counted(sparse, r -> r > 1 + SAME, "faster than dense") + impossible(sparse)));
        List<Double> int8 = results.ratios(paper, Policy.ALISA, Policy.ALISA_FP16);
        rows.add(List.of("of that, INT8", "about a third", range(int8),
                counted(int8, r -> r > 1 + SAME, "faster than FP16") + impossible(int8)));
        List<Double> recompute = results.ratios(paper, Policy.ALISA_FP16, Policy.NO_RECOMPUTATION);
        rows.add(List.of("recomputation in phase III, FP16 KV", "1.2 to 1.3 times", range(recompute),
                doesNotHold(recompute, r -> r >= RECOMPUTE_LEAST)
                        + counted(recompute, r -> r >= RECOMPUTE_LEAST, "reach 1.2") + "; "
                        + counted(recompute, r -> r > 1 + SAME, "gain at all") + gainingMachines()
                        + impossible(recompute)));
        rows.add(List.of("the same with INT8 KV", "1.2 to 1.3 times (not told apart)",
                deleting(paper, Policy.ALISA) + " of " + paper.size() + " delete anything",
                deleting(paper, Policy.ALISA) == 0
                        ? "**does not hold: the planner never recomputes**"
                        : "see the tables"));
        List<Double> today = results.ratios(results.cases(c -> c.grouped() && !c.roomy()), Policy.ALISA,
                Policy.STATIC_SPLIT);
        rows.add(List.of("grouped heads: ALISA over the static split, KV larger than the GPU's room", "not evaluated",
                range(today), groupedRoom()));
        int deleting = deleting(grouped, Policy.ALISA) + deleting(grouped, Policy.ALISA_FP16);
        rows.add(List.of("grouped heads: recomputation", "not evaluated",
                deleting + " of " + 2 * grouped.size() + " runs delete anything",
                deleting == 0 ? "**does not pay: the planner never recomputes**" : "see the tables"));
        return rows;
    }

    /** Where there is anything to schedule for grouped heads. */
    private String groupedRoom() {
        long paperLength = grouped.stream().filter(c -> c.paperLength() && !c.roomy()).count();
        long longer = grouped.stream().filter(c -> !c.paperLength() && !c.roomy()).count();
        return "the KV does not fit in " + paperLength + " runs of the paper's length, and in " + longer
                + " with " + Setup.LONG.prompt() + " tokens in";
    }

    private int deleting(List<Results.Case> cases, Policy policy) {
        return (int) cases.stream().filter(c -> results.of(c, policy).deletes()).count();
    }

    /** Where recomputation makes a run faster. */
    private String gainingMachines() {
        String machines = paper.stream()
                .filter(c -> results.throughput(c, Policy.ALISA_FP16) > (1 + SAME)
                        * results.throughput(c, Policy.NO_RECOMPUTATION))
                .map(c -> c.machine().name()).distinct().collect(Collectors.joining(", "));
        return machines.isEmpty() ? "" : ", all on " + machines;
    }

    private static String doesNotHold(List<Double> ratios, DoublePredicate claimed) {
        return ratios.stream().anyMatch(claimed::test) ? "" : "**does not hold:** ";
    }

    private static String overFlexgen(List<Double> ratios) {
        boolean typical = ratios.stream().filter(r -> r > FLEXGEN_MOST).count() * 2 <= ratios.size();
        return (typical ? "" : "**the cost model promises more than the paper measured:** ")
                + counted(ratios, r -> r < FLEXGEN_LEAST, "below 1.4") + "; "
                + counted(ratios, r -> r >= FLEXGEN_LEAST && r <= FLEXGEN_MOST, "within") + "; "
                + counted(ratios, r -> r > FLEXGEN_MOST, "above 3.0");
    }

    private static String counted(List<Double> ratios, DoublePredicate which, String what) {
        return ratios.stream().filter(which::test).count() + " of " + ratios.size() + " " + what;
    }

    /** Of the paper's runs, those that one of the two policies has no room for. */
    private String impossible(List<Double> ratios) {
        int left = paper.size() - ratios.size();
        return left == 0 ? "" : "; in " + left + " more one of the two does not fit";
    }

    private static String range(List<Double> sorted) {
        return sorted.isEmpty()
                ? "-"
                : String.format(Locale.ROOT, "%.2f to %.2f, median %.2f", sorted.getFirst(), sorted.getLast(),
                        sorted.get(sorted.size() / 2));
    }

    /** Link bandwidth, GB/s, below which recomputing a token beats loading it; zero: it never does. */
    static double breakEven(SimulatedMachine machine, SimulatedModel model, Policy policy, Recomputation by) {
        Setup setup = Setup.of(machine, model, 1, Setup.PAPER, policy);
        double saved = setup.bytes().rowBytes() - by.slowBytes(setup.bytes());
        double multiplyAdds = by.multiplyAdds(setup.bytes(), Setup.PAPER.context());
        return Math.max(0, saved * machine.profile(1).multiplyAdds() / multiplyAdds / 1e9);
    }
}
