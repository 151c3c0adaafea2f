package io.alisa.sparse;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/** Sessions to try a policy on: contexts of one token up to many blocks, any share of it, few and many KV heads. */
final class Cases {
    private static final List<Integer> PROMPTS = List.of(1, 2, 3, 31, 33, 63, 64, 65, 130, 700, 1500);
    private static final List<Double> RATIOS = List.of(0.01, 0.1, 0.2, 0.5, 0.93, 1.0);
    private static final int ROOM_TO_LIVE = 200;

    /**
     * A session.
     *
     * @param prompt tokens it begins with
     */
    record Case(Budget budget, int prompt, int kvHeads, long seed) {
        /** Lives such a session; see {@link PolicyRun}. */
        void live(Function<Case, TokenSelector> policy, Function<Case, TokenSelector> reference) {
            try (PolicyRun run = new PolicyRun(policy.apply(this), reference.apply(this), budget, kvHeads,
                    prompt + ROOM_TO_LIVE, seed)) {
                run.live(prompt);
            }
        }
    }

    private Cases() {
    }

    static List<Case> all() {
        List<Case> cases = new ArrayList<>();
        for (int prompt : PROMPTS) {
            for (double ratio : RATIOS) {
                int seed = cases.size();
                cases.add(new Case(new Budget(ratio, seed % 3 == 0 ? 64 : 0), prompt, 1 + seed % 4, seed));
            }
        }
        return cases;
    }
}
