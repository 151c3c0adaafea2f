package io.alisa.sparse;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.stream.IntStream;

import io.alisa.cache.KvLayer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class PaperSelectorTest {
    private static final int ROWS = 32;

    static List<Cases.Case> cases() {
        return Cases.all();
    }

    @ParameterizedTest
    @MethodSource("cases")
    void choosesWhatTheAlgorithmSays(Cases.Case session) {
        session.live(c -> new PaperSelector(c.budget()), c -> new Algorithm1(c.budget()));
    }

    @Test
    void spendsAllOfTheBudget() {
        Budget budget = new Budget(0.2, 0);
        try (PolicyRun run = new PolicyRun(new PaperSelector(budget), new Algorithm1(budget), budget, 2, 700, 1)) {
            run.batch(0, 400);
            run.steps(200);
            for (int[][] lists : run.attended) {
                assertThat(lists[0]).hasSize(budget.total(lists[0][lists[0].length - 1] + 1));
                assertThat(lists[1]).as("one list for all heads").isEqualTo(lists[0]);
            }
        }
    }

    /** The published method's weakness, which a comparison has to show. */
    @Test
    void neverRecallsWhatItsRowsNoLongerKnow() {
        Budget budget = new Budget(0.2, 0);
        try (PolicyRun run = new PolicyRun(new PaperSelector(budget), new Algorithm1(budget), budget, 2, 1100, 2)) {
            run.batch(0, 400);
            run.steps(600);
            Map<Integer, Integer> attendedLast = new HashMap<>();
            for (int step = 0; step < run.attended.size(); step++) {
                for (int position : run.attended.get(step)[0]) {
                    int last = attendedLast.getOrDefault(position, Math.max(0, position - 400));
                    assertThat(step - last).as("position %s, step %s", position, step).isLessThanOrEqualTo(ROWS);
                    attendedLast.put(position, step);
                }
            }
        }
    }

    @Test
    void whatWasNeverObservedLeavesTheNewestTokens() {
        Budget budget = new Budget(0.2, 0);
        try (PolicyRun run = new PolicyRun(new PaperSelector(budget), new LocalSelector(budget), budget, 2, 700, 3)) {
            run.batch(0, 400);
            run.stepAt(300); // all rows were behind
        }
    }

    /** Keeps rows as maps, and sorts. */
    private static final class Algorithm1 implements TokenSelector {
        private final Budget budget;
        private final NavigableMap<Integer, Map<Integer, Float>> rows = new TreeMap<>();

        Algorithm1(Budget budget) {
            this.budget = budget;
        }

        @Override
        public void select(KvLayer layer, float[] queries, Selection selection) {
            int tokens = layer.tokens();
            int k = budget.window(tokens);
            rows.tailMap(tokens - 1, true).clear();
            float[] scores = new float[tokens];
            rows.tailMap(tokens - 1 - Math.min(k, ROWS), true).values()
                    .forEach(row -> row.forEach((position, weight) -> scores[position] += weight));
            IntStream.range(0, tokens - k).boxed()
                    .sorted(Comparator.comparingDouble((Integer p) -> -scores[p])
                            .thenComparing(Comparator.reverseOrder()))
                    .limit(budget.total(tokens) - k).sorted().forEach(p -> selection.add(0, p));
            selection.addRange(0, tokens - k, tokens);
            selection.shareFirst();
        }

        @Override
        public void observe(int position, int kvHead, int[] attended, int count, float[] weights) {
            if (kvHead == 0) {
                rows.tailMap(position, true).clear();
                rows.headMap(position - ROWS, true).clear();
            }
            Map<Integer, Float> row = rows.computeIfAbsent(position, p -> new HashMap<>());
            for (int i = 0; i < count; i++) {
                row.merge(attended[i], weights[i], Float::sum);
            }
        }
    }
}
