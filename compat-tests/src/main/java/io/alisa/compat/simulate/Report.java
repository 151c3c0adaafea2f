package io.alisa.compat.simulate;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

import io.alisa.Phase;
import io.alisa.compat.quality.Markdown;
import io.alisa.schedule.Recomputation;

/** The simulation as a page: claims first, then throughput, then what it is made of. */
final class Report {
    private final Results results;
    private final Markdown page = new Markdown();

    private Report(Results results) {
        this.results = results;
    }

    static String of(Results results, List<String> charts) {
        Report report = new Report(results);
        report.head();
        report.page.heading("The paper's claims under its own cost model").table(
                List.of("claim", "the paper says", "here", "verdict"), new Claims(results).rows());
        report.recomputation();
        report.throughput();
        report.parts();
        report.page.heading("Charts");
        charts.forEach(file -> report.page.paragraph("![" + file.replace(".png", "") + "](" + file + ")"));
        report.method();
        return report.page.toString();
    }

    private void head() {
        page.paragraph("# Simulation");
        page.paragraph("The plugin's planner and scheduler, unchanged, on machines described by numbers:"
                + " 128 tokens in, 512 out, as in the paper, and for grouped heads 8,192 in too; weights in FP16. `mvn -Psimulate -DskipTests verify`");
        List<List<String>> rows = new ArrayList<>();
        for (SimulatedMachine machine : SimulatedMachine.all()) {
            rows.add(List.of(machine.name(), String.format(Locale.ROOT, "%.0f GB/s", machine.readBytes() / 1e9),
                    String.format(Locale.ROOT, "%.0f TFLOPS, half of it reached", machine.peakFlops() / 1e12),
                    String.format(Locale.ROOT, "%.0f GB/s", SimulatedMachine.LINK / 1e9)));
        }
        page.table(List.of("machine", "memory bandwidth", "FP16 products", "link to the CPU"), rows);
    }

    private void recomputation() {
        page.heading("When recomputing a token beats loading it");
        page.paragraph(
                """
                        Link bandwidth below which it does, GB/s; the link has 20. *Projection* keeps each layer's input, which is
                        half of an FP16 token without grouped heads, and larger than the token with them, or in INT8. *Replay* runs
                        the token through the model again."""
                        .replace('\n', ' '));
        List<String> head = new ArrayList<>(List.of("model"));
        for (SimulatedMachine machine : SimulatedMachine.all()) {
            head.addAll(List.of(machine.name() + ": projection, FP16", "projection, INT8", "replay, FP16",
                    "replay, INT8"));
        }
        List<List<String>> rows = new ArrayList<>();
        for (SimulatedModel model : SimulatedModel.all()) {
            List<String> row = new ArrayList<>(List.of(model.name()));
            for (SimulatedMachine machine : SimulatedMachine.all()) {
                for (Recomputation by : Recomputation.values()) {
                    for (Policy policy : List.of(Policy.ALISA_FP16, Policy.ALISA)) {
                        double link = Claims.breakEven(machine, model, policy, by);
                        row.add(link == 0
                                ? "never"
                                : number(link * 1e9 > SimulatedMachine.LINK ? "**%.1f**" : "%.1f", link));
                    }
                }
            }
            rows.add(row);
        }
        page.table(head, rows);
    }

    private void throughput() {
        page.heading("Throughput, input and output tokens per second");
        page.paragraph(
                "A dash: what every step needs can't be held. In the last columns, ALISA over the static split and phases I / II / III"
                        + " in steps.");
        for (SimulatedMachine machine : SimulatedMachine.all()) {
            List<String> head = new ArrayList<>(List.of(machine.name(), "tokens in", "batch"));
            Policy.all().forEach(policy -> head.add(policy.title()));
            head.addAll(List.of("over static", "phases of ALISA", "phases with FP16 KV"));
            List<List<String>> rows = new ArrayList<>();
            for (Results.Case which : results.cases(c -> c.machine().equals(machine))) {
                rows.add(row(which));
            }
            page.table(head, rows);
        }
    }

    private List<String> row(Results.Case which) {
        List<String> row = new ArrayList<>(List.of(which.model().name(),
                String.valueOf(which.length().prompt()), String.valueOf(which.batch())));
        for (Policy policy : Policy.all()) {
            row.add(number("%.0f", results.throughput(which, policy)));
        }
        row.add(number("%.2f", results.throughput(which, Policy.ALISA)
                / results.throughput(which, Policy.STATIC_SPLIT)));
        row.add(phases(results.of(which, Policy.ALISA)));
        row.add(phases(results.of(which, Policy.ALISA_FP16)));
        return row;
    }

    private static String phases(Outcome outcome) {
        return outcome.fits()
                ? String.format(Locale.ROOT, "%.0f / %.0f / %.0f", outcome.phases().steps(Phase.I),
                        outcome.phases().steps(Phase.II),
                        outcome.phases().steps(Phase.III))
                : "-";
    }

    private void parts() {
        page.heading("Where the time goes at batch 64");
        List<List<String>> rows = new ArrayList<>();
        for (Results.Case which : results.cases(c -> c.batch() == 64 && !c.roomy())) {
            for (Policy policy : List.of(Policy.ALISA, Policy.ALISA_FP16, Policy.STATIC_SPLIT)) {
                Outcome outcome = results.of(which, policy);
                if (outcome.fits()) {
                    rows.add(List.of(which.machine().name(), which.model().name(),
                            String.valueOf(which.length().prompt()), policy.title(),
                            String.format(Locale.ROOT, "%.1f", outcome.seconds()),
                            String.format(Locale.ROOT, "%.1f", outcome.transfer()),
                            String.format(Locale.ROOT, "%.1f", outcome.recompute()),
                            String.format(Locale.ROOT, "%.1f", outcome.peakFast() / 1e9),
                            String.format(Locale.ROOT, "%.1f", outcome.peakSlow() / 1e9)));
                }
            }
        }
        page.table(List.of("machine", "model", "tokens in", "policy", "seconds", "of these moving KV", "recomputing",
                "GB of KV on the GPU", "GB on the CPU"), rows);
    }

    private void method() {
        page.heading("How it was simulated");
        Arrays.stream(
                """
                        Each step is computing, then loading what is attended, then recomputing, then storing (the paper's Algorithm
                        2: one after the other). Computing is the larger of reading the weights and multiplying by them, plus reading
                        the attended rows. Half of the attended tokens are the most recent ones; the other half is spread evenly over
                        the older tokens, and what of them is on the CPU is loaded anew in each step.
                        ;
                        The static split and the full offload are granted that transfer hides behind computing completely, which the
                        paper's scheduler does not claim for itself; they attend densely, as FlexGen does. Neither offloads weights:
                        models whose weights do not fit a machine are left out. FlexGen's choice to compute attention on the CPU is
                        not simulated.
                        ;
                        Of each kind of recomputation that saves memory the planner takes whichever makes the whole run shortest, or
                        none. "All recompute" deletes what the GPU can't hold and replays it in each step.
                        ;
                        Neither kernels' launch times nor choosing tokens nor gathering them are in the model, and they cost most where
                        sparse attention gains most: large ratios here are upper bounds of what the cost model allows, not predictions.
                        """
                        .split(";\n", -1))
                .map(text -> text.strip().replace('\n', ' ')).forEach(page::paragraph);
    }

    private static String number(String pattern, double value) {
        return Double.isNaN(value) ? "-" : String.format(Locale.ROOT, pattern, value);
    }
}
