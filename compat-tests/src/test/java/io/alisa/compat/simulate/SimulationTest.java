package io.alisa.compat.simulate;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

import io.alisa.Phase;
import io.alisa.schedule.Expectation;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SimulationTest {
    private static Results results;

    @BeforeAll
    static void simulate() {
        results = Results.simulate();
    }

    @Test
    void everyPaperPairIsThere() {
        assertThat(
                results.cases(c -> c.batch() == 4 && c.paperLength() && c.machine().equals(SimulatedMachine.V100_16)))
                .extracting(c -> c.model().name()).containsExactly("OPT-6.7B", "LLaMA-7B");
        assertThat(results.cases(c -> c.machine().equals(SimulatedMachine.H100_80))).hasSize((8 + 2) * 5);
    }

    @Test
    void capsHold() {
        for (Results.Case which : results.cases(c -> true)) {
            for (Policy policy : Policy.all()) {
                Outcome outcome = results.of(which, policy);
                double room = which.with(policy).room();
                assertThat(outcome.peakFast()).as("%s %s", which, policy).isLessThanOrEqualTo(room + 1);
                assertThat(outcome.peakSlow()).as("%s %s", which, policy)
                        .isLessThanOrEqualTo(SimulatedMachine.HOST_MEMORY);
            }
        }
    }

    @Test
    void allStepsAreCounted() {
        for (Results.Case which : results.cases(c -> true)) {
            Outcome outcome = results.of(which, Policy.ALISA);
            if (outcome.fits()) {
                double steps = 0;
                for (Phase phase : Phase.values()) {
                    steps += outcome.phases().steps(phase);
                }
                assertThat(steps).isEqualTo(512);
                assertThat(outcome.seconds()).isGreaterThanOrEqualTo(outcome.phases().totalNanos() / 1e9);
            }
        }
    }

    @Test
    void moreBandwidthIsNeverSlower() {
        for (SimulatedModel model : List.of(SimulatedModel.OPT_13B, SimulatedModel.LLAMA_31_8B)) {
            Expectation length = model.dimensions().grouped() ? Setup.LONG : Setup.PAPER;
            for (Policy policy : Policy.all()) {
                double before = 0;
                for (double link : new double[]{2e9, 5e9, 10e9, 20e9, 40e9, 80e9}) {
                    double now = Simulation.run(new Setup(SimulatedMachine.V100_32, link, model, 32, length, policy))
                            .throughput(32, length.context());
                    // the planner is greedy, and the scheduler moves whole tokens
                    assertThat(Double.isNaN(now) || now >= before * 0.99).as("%s %s %s", model.name(), policy, link)
                            .isTrue();
                    before = now;
                }
            }
        }
    }

    @Test
    void whatFitsIsEquallyFastByAnyDensePolicyThatKeepsIt() {
        for (Results.Case which : results.cases(Results.Case::roomy)) {
            assertThat(results.throughput(which, Policy.DENSE_PHASES))
                    .isEqualTo(results.throughput(which, Policy.STATIC_SPLIT));
            assertThat(results.throughput(which, Policy.FULL_OFFLOAD))
                    .isLessThanOrEqualTo(results.throughput(which, Policy.STATIC_SPLIT));
        }
    }

    @Test
    void recomputationIsNeverChosenWhereItLoses() {
        for (Results.Case which : results.cases(c -> true)) {
            double with = results.throughput(which, Policy.ALISA_FP16);
            double without = results.throughput(which, Policy.NO_RECOMPUTATION);
            assertThat(Double.isNaN(with) || with >= 0.99 * without).as(which.toString()).isTrue();
        }
    }

    @Test
    void theReportSaysWhatDoesNotHold(@TempDir Path directory) throws IOException {
        System.setProperty("java.awt.headless", "true");
        List<String> charts = Charts.draw(results, directory);
        assertThat(charts).hasSize(8).allSatisfy(file -> assertThat(directory.resolve(file)).isNotEmptyFile());
        assertThat(Report.of(results, charts)).contains("| recomputation in phase III, FP16 KV | 1.2 to 1.3 times |",
                "grouped heads: recomputation", "![throughput-opt-6-7b](throughput-opt-6-7b.png)");
    }
}
