package io.alisa.sparse;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;

import io.alisa.cache.KvLayer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class H2oSelectorTest {
    static List<Cases.Case> cases() {
        return Cases.all();
    }

    @ParameterizedTest
    @MethodSource("cases")
    void keepsRecentTokensAndHeavyHitters(Cases.Case session) {
        session.live(c -> new H2oSelector(c.budget(), c.kvHeads()), c -> new HeavyHitters(c.budget(), c.kvHeads()));
    }

    @Test
    void neverRecallsAndSpendsTheBudget() {
        Budget budget = new Budget(0.2, 256);
        try (PolicyRun run = new PolicyRun(new H2oSelector(budget, 3), new HeavyHitters(budget, 3), budget, 3, 1300,
                1)) {
            run.batch(0, 100);
            run.steps(500);
            run.batch(600, 150);
            run.steps(400);
            for (int kvHead = 0; kvHead < 3; kvHead++) {
                Set<Integer> evicted = new HashSet<>();
                for (int[][] lists : run.attended) {
                    List<Integer> kept = IntStream.of(lists[kvHead]).boxed().toList();
                    int tokens = kept.getLast() + 1;
                    assertThat(kept).noneMatch(evicted::contains);
                    // The budget grows by two at a time, but only one token is new.
                    assertThat(kept.size()).isBetween(budget.total(tokens) - 1, budget.total(tokens));
                    IntStream.range(0, tokens).forEach(evicted::add);
                    evicted.removeAll(kept);
                }
            }
            assertThat(run.attended.getLast()[0]).as("every KV head has its own").isNotEqualTo(
                    run.attended.getLast()[1]);
        }
    }

    /** The rows that are observed of such a batch all lie behind what was known before. */
    @Test
    void aBatchThatBeginsBeforeTheEndAndEndsBehindItIsAStepBack() {
        Budget budget = new Budget(0.2, 0);
        try (PolicyRun run = new PolicyRun(new H2oSelector(budget, 2), new HeavyHitters(budget, 2), budget, 2, 1300,
                5)) {
            run.batch(0, 300);
            run.steps(100);
            run.batch(200, 256);
            run.steps(5);
        }
    }

    /** Keeps sets and maps, and sorts. */
    private static final class HeavyHitters implements TokenSelector {
        private final Budget budget;
        private final List<Map<Integer, Float>> sums = new ArrayList<>();
        private final List<Set<Integer>> evicted = new ArrayList<>();

        HeavyHitters(Budget budget, int kvHeads) {
            this.budget = budget;
            for (int i = 0; i < kvHeads; i++) {
                sums.add(new HashMap<>());
                evicted.add(new HashSet<>());
            }
        }

        @Override
        public void select(KvLayer layer, float[] queries, Selection selection) {
            int tokens = layer.tokens();
            int windowFrom = tokens - budget.window(tokens);
            for (int kvHead = 0; kvHead < sums.size(); kvHead++) {
                Set<Integer> gone = evicted.get(kvHead);
                Map<Integer, Float> sum = sums.get(kvHead);
                List<Integer> recent = IntStream.range(windowFrom, tokens).boxed().filter(p -> !gone.contains(p))
                        .toList();
                List<Integer> heavy = IntStream.range(0, windowFrom).boxed().filter(p -> !gone.contains(p))
                        .sorted(Comparator.comparingDouble((Integer p) -> -sum.getOrDefault(p, 0f))
                                .thenComparing(Comparator.reverseOrder()))
                        .limit(budget.total(tokens) - recent.size()).sorted().toList();
                IntStream.range(0, windowFrom).forEach(gone::add);
                heavy.forEach(gone::remove);
                for (int position : heavy) {
                    selection.add(kvHead, position);
                }
                for (int position : recent) {
                    selection.add(kvHead, position);
                }
            }
        }

        @Override
        public void observe(int position, int kvHead, int[] attended, int count, float[] weights) {
            for (int i = 0; i < count; i++) {
                sums.get(kvHead).merge(attended[i], weights[i], Float::sum);
            }
        }

        @Override
        public void begin(int from) {
            sums.forEach(sum -> sum.keySet().removeIf(position -> position >= from));
            evicted.forEach(gone -> gone.removeIf(position -> position >= from));
        }
    }
}
