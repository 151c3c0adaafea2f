package io.alisa.sparse;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.function.BiPredicate;
import java.util.stream.IntStream;

import io.alisa.cache.KvFormat;
import io.alisa.cache.KvLayer;
import io.alisa.cache.KvLayout;
import io.alisa.cache.KvSession;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Policies that look at nothing but positions. */
class FixedPoliciesTest {
    static List<Cases.Case> cases() {
        return Cases.all();
    }

    @ParameterizedTest
    @MethodSource("cases")
    void localIsTheNewestTokens(Cases.Case session) {
        Budget budget = session.budget();
        session.live(c -> new LocalSelector(budget),
                c -> those((position, tokens) -> position >= tokens - budget.total(tokens)));
    }

    @ParameterizedTest
    @MethodSource("cases")
    void streamingIsTheFirstAndTheNewestTokens(Cases.Case session) {
        Budget budget = session.budget();
        session.live(c -> new StreamingSelector(budget), c -> those((position, tokens) -> {
            int sinks = Math.min(4, budget.total(tokens) / 2);
            return position < sinks || position >= tokens - budget.total(tokens) + sinks;
        }));
    }

    @ParameterizedTest
    @MethodSource("cases")
    void stridedIsTheNewestTokensAndEveryLengthOfAStride(Cases.Case session) {
        Budget budget = session.budget();
        session.live(c -> new StridedSelector(budget), c -> those((position, tokens) -> {
            int window = budget.window(tokens);
            int before = tokens - window;
            int strided = budget.total(tokens) - window;
            int back = before - 1 - position; // tokens between it and the window
            long strides = ((long) back * strided + before - 1) / before;
            return position >= before || strides * before / strided == back;
        }));
    }

    @ParameterizedTest
    @MethodSource("cases")
    void denseIsAll(Cases.Case session) {
        Selection selection = new Selection(session.kvHeads());
        try (KvSession kv = new KvSession(new KvLayout(KvFormat.F32, 1, 1), 1, session.prompt())) {
            KvLayer layer = kv.layer(0);
            layer.resize(session.prompt());
            selection.begin(session.prompt());
            new DenseSelector().select(layer, new float[0], selection);
        }
        for (int kvHead = 0; kvHead < session.kvHeads(); kvHead++) {
            assertThat(selection.count(kvHead)).isEqualTo(session.prompt());
            assertThat(selection.positions(kvHead)).startsWith(IntStream.range(0, session.prompt()).toArray());
        }
    }

    /** All positions that a formula names, given them and the number of tokens. */
    private static TokenSelector those(BiPredicate<Integer, Integer> formula) {
        return (layer, queries, selection) -> {
            for (int position = 0; position < layer.tokens(); position++) {
                if (formula.test(position, layer.tokens())) {
                    selection.add(0, position);
                }
            }
            selection.shareFirst();
        };
    }
}
