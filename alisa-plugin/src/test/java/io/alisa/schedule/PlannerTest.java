package io.alisa.schedule;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class PlannerTest {
    private static final Set<Recomputation> ALL = Set.of(Recomputation.values());

    /** Small enough to look at every split. */
    private static final class Case {
        final CostModel costs;
        final Caps caps;
        final Expectation expected;

        Case(SplittableRandom random) {
            int kvHeads = 1 << random.nextInt(4);
            KvPrecision precision = List.of(KvPrecision.values()).get(random.nextInt(3));
            ModelDimensions model = new ModelDimensions(2 + random.nextInt(30), 8, kvHeads, 16 << random.nextInt(3),
                    128 << random.nextInt(3), 1L << random.nextInt(16, 26));
            ByteModel bytes = new ByteModel(model, precision, 1, random.nextBoolean(), 1 + random.nextInt(8));
            AccessPattern access = random.nextInt(4) == 0
                    ? AccessPattern.ofPaper(1)
                    : AccessPattern.ofPaper(random.nextDouble(0.05, 0.9));
            costs = new CostModel(bytes, Models.machine(random), access, model.parameters());
            int prompt = random.nextInt(16);
            expected = new Expectation(prompt, prompt + 16 + random.nextInt(17));
            double all = expected.context() * (bytes.rowBytes() + bytes.digestTokenBytes()) + bytes.sessionBytes();
            long slow = random.nextInt(5) == 0 ? 0 : (long) (all * random.nextDouble());
            caps = new Caps((long) (all * random.nextDouble(0.2, 1.1)), slow);
        }
    }

    private static @Nullable Forecast exhaustive(Case c) {
        Planner planner = new Planner(c.costs, c.caps, c.expected, ALL);
        Forecast best = null;
        double[] ratios = {0, 0.25, 0.5, 0.75, 1};
        for (Recomputation by : new Recomputation[]{null, Recomputation.PROJECT, Recomputation.REPLAY}) {
            if (by != null && by.savedBytes(c.costs.bytes()) <= 0) {
                continue;
            }
            for (int from = 0; from <= c.expected.context(); from++) {
                for (int deleteFrom = by == null ? c.expected.context() : from; deleteFrom <= c.expected
                        .context(); deleteFrom++) {
                    for (double offload : ratios) {
                        for (double delete : ratios) {
                            Forecast cost = planner.forecast(new Split(offload, delete, from, deleteFrom), by);
                            best = cost.fits() && (best == null || cost.isBetterThan(best)) ? cost : best;
                        }
                    }
                }
            }
        }
        return best;
    }

    @Test
    void greedyIsWithinTwoPercentOfExhaustiveSearch() {
        int offloading = 0;
        int deleting = 0;
        for (int seed = 0; seed < 100; seed++) {
            Case c = new Case(new SplittableRandom(seed));
            Forecast best = exhaustive(c);
            Plan plan = new Planner(c.costs, c.caps, c.expected, ALL).plan();
            if (best == null) {
                continue;
            }
            double found = plan.times().totalNanos();
            assertThat(plan.fits()).as("seed " + seed).isTrue();
            assertThat(found).as("seed " + seed).isLessThanOrEqualTo(best.totalNanos() * 1.02);
            offloading += plan.split().slow(c.expected.context()) > 0 ? 1 : 0;
            deleting += plan.recomputation() != null ? 1 : 0;
        }
        assertThat(offloading).isGreaterThan(15);
        assertThat(deleting).isGreaterThan(7);
    }

    @Test
    void whatFitsStays() {
        Plan plan = plan(8L << 30, 8L << 30, ALL);
        assertThat(plan.split()).isEqualTo(Split.NONE);
        assertThat(plan.times().stepsI()).isEqualTo(7000);
        assertThat(plan.reasons()).anyMatch(r -> r.startsWith("Nothing is offloaded: all 8192 tokens take"));
    }

    @Test
    void whatDoesNotIsOffloadedAsLateAsPossible() {
        Plan plan = plan(64L << 20, 8L << 30, ALL);
        ByteModel bytes = ByteModel.ofSession(Models.LLAMA_1B, true);
        assertThat(plan.fits()).isTrue();
        assertThat(plan.fastBytes(bytes, 8192)).isBetween(0.97 * (64 << 20), 1.0 * (64 << 20));
        assertThat(plan.times().stepsIII()).isZero();
        assertThat(plan.reasons()).anyMatch(r -> r.startsWith("Deleting is refused: recomputing a token by replay"))
                .anyMatch(r -> r.startsWith("Keeping each layer's input"));
    }

    @Test
    void deletesOnlyWhereItMust() {
        Plan plan = plan(64L << 20, 64L << 20, ALL);
        ByteModel bytes = ByteModel.ofSession(Models.LLAMA_1B, true);
        assertThat(plan.fits()).isTrue();
        assertThat(plan.recomputation()).isEqualTo(Recomputation.REPLAY);
        assertThat(plan.times().stepsIII()).isPositive();
        assertThat(plan.slowBytes(bytes, 8192)).isBetween(0.95 * (64 << 20), 1.0 * (64 << 20));
    }

    /** It is not followed, so what it would offload or delete would contradict that. */
    @Test
    void aPlanThatDoesNotFitSaysNothingElse() {
        Plan plan = plan(16L << 20, 16L << 20, ALL);
        assertThat(plan.fits()).isFalse();
        assertThat(plan.reasons()).singleElement().asString().contains("does not fit: at most ");
    }

    /** A console whose character set is not UTF-8 would show something else. */
    @Test
    void reasonsAreAscii() {
        for (long slow : new long[]{64L << 20, 8L << 30}) {
            assertThat(plan(64L << 20, slow, ALL).reasons()).anyMatch(r -> r.contains(" us"))
                    .allMatch(r -> r.chars().allMatch(c -> c < 128));
        }
    }

    @Test
    void saysHowMuchWouldFit() {
        Plan plan = plan(64L << 20, 32L << 20, Set.of());
        assertThat(plan.fits()).isFalse();
        String sentence = plan.reasons().getFirst();
        assertThat(sentence).startsWith("A context of 8192 tokens does not fit: at most ");
        int longest = Integer.parseInt(sentence.replaceAll(".*at most (\\d+) do.*", "$1"));
        CostModel costs = Models.costs(ByteModel.ofSession(Models.LLAMA_1B, true), AccessPattern.ofSession(0.2, 256));
        Caps caps = new Caps(64L << 20, 32L << 20);
        assertThat(new Planner(costs, caps, new Expectation(1192, longest), Set.of()).plan().fits()).isTrue();
        assertThat(new Planner(costs, caps, new Expectation(1192, longest + 2), Set.of()).plan().fits()).isFalse();
    }

    /** Where there is no slow tier, deleting is what makes room. */
    @Test
    void saysHowMuchWouldFitWhereTokensAreDeleted() {
        for (ModelDimensions model : List.of(Models.LLAMA_1B, Models.OPT_6B)) {
            for (long slow : new long[]{0, 1, 64L << 20}) {
                CostModel costs = Models.costs(ByteModel.ofSession(model, true), AccessPattern.ofSession(0.2, 256));
                Caps caps = new Caps(1L << 30, slow);
                String sentence = plan(costs, caps, 1 << 20).reasons().getFirst();
                int longest = Integer.parseInt(sentence.replaceAll(".*at most (\\d+) do.*", "$1"));
                assertThat(plan(costs, caps, longest).fits()).as(sentence).isTrue();
                assertThat(plan(costs, caps, longest).recomputation()).isEqualTo(Recomputation.REPLAY);
                assertThat(plan(costs, caps, longest + longest / 100).fits()).as(sentence).isFalse();
            }
        }
    }

    @Test
    void aSlowTierThatCannotHoldATokenIsNotRefused() {
        ByteModel bytes = ByteModel.ofSession(Models.LLAMA_1B, true);
        assertThat(plan(96L << 20, bytes.rowBytes() - 1, ALL).reasons())
                .anyMatch(r -> r.startsWith("Offloading is not possible: the slow tier may hold "))
                .noneMatch(r -> r.startsWith("Offloading is refused"));
    }

    /** Nothing is refused for a price that is the lower one. */
    @Test
    void whatIsRefusedIsDearer() {
        int refused = 0;
        for (int seed = 0; seed < 400; seed++) {
            Case c = new Case(new SplittableRandom(seed));
            Plan plan = new Planner(c.costs, c.caps, c.expected, ALL).plan();
            int context = c.expected.context();
            double loading = c.costs.loadNanos(context, 1);
            for (Recomputation by : ALL) {
                double again = c.costs.recomputeNanos(by, context, 1024) / 1024; // many at once, which share the weights
                boolean used = by == plan.recomputation();
                for (String reason : plan.reasons()) {
                    if (used && reason.startsWith("Offloading is refused")) {
                        refused++;
                        assertThat(loading).as("seed %d: %s", seed, reason).isGreaterThan(again);
                    }
                    String way = by == Recomputation.REPLAY ? "a token by replay" : "a token by projection";
                    if (reason.startsWith("Deleting is refused") && reason.contains(way) && !reason.contains(", but")) {
                        refused++;
                        assertThat(again).as("seed %d: %s", seed, reason).isGreaterThan(loading);
                    }
                }
            }
        }
        assertThat(refused).isGreaterThan(10);
    }

    private static Plan plan(CostModel costs, Caps caps, int context) {
        return new Planner(costs, caps, new Expectation(0, context), Set.of(Recomputation.REPLAY)).plan();
    }

    @Test
    void refusesToOffloadWhereRecomputingIsCheaper() {
        ByteModel bytes = new ByteModel(Models.OPT_6B, KvPrecision.F16, 1, false, 1);
        CostModel costs = new CostModel(bytes, HardwareProfile.described("fast sums, slow link", 2e12, 1e15, 1e8),
                AccessPattern.ofPaper(0.2), 13e9);
        Plan plan = new Planner(costs, new Caps(bytes.rowBytes() * 300, 1L << 40), new Expectation(128, 640), ALL)
                .plan();
        assertThat(plan.recomputation()).isEqualTo(Recomputation.REPLAY);
        assertThat(plan.split().slow(640)).isLessThan(1);
        assertThat(plan.reasons()).anyMatch(r -> r.startsWith("Offloading is refused: reading a token back costs"));
    }

    private static Plan plan(long fast, long slow, Set<Recomputation> allowed) {
        CostModel costs = Models.costs(ByteModel.ofSession(Models.LLAMA_1B, true), AccessPattern.ofSession(0.2, 256));
        return new Planner(costs, new Caps(fast, slow), new Expectation(1192, 8192), allowed).plan();
    }
}
