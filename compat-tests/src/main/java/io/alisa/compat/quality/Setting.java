package io.alisa.compat.quality;

import java.util.ArrayList;
import java.util.List;

/**
 * One way to run the plugin.
 *
 * @param sparsity KV sparsity in percent: the share of the tokens that is not attended
 * @param int8     KV in INT8, else in the host's own type, which is F32 here
 */
record Setting(Policy policy, int sparsity, boolean int8) {
    /** What everything is compared with: the plugin's exact mode. */
    static final Setting DENSE_F32 = new Setting(Policy.DENSE, 0, false);
    static final Setting DENSE_INT8 = new Setting(Policy.DENSE, 0, true);
    /** The plugin's default once sparse attention is switched on. */
    static final Setting SPARSE_DEFAULT = new Setting(Policy.SWA, 80, true);

    /** Short enough to be in force long before anything is measured. */
    private static final int MIN_CONTEXT = 256;

    /** Dense first, because the rest is compared with it. */
    static List<Setting> grid(List<Integer> sparsities) {
        List<Setting> settings = new ArrayList<>(List.of(DENSE_F32, DENSE_INT8));
        for (Policy policy : Policy.sparse()) {
            for (int sparsity : sparsities) {
                settings.add(new Setting(policy, sparsity, false));
                settings.add(new Setting(policy, sparsity, true));
            }
        }
        return settings;
    }

    double cachingRatio() {
        return (100 - sparsity) / 100.0;
    }

    boolean dense() {
        return policy == Policy.DENSE;
    }

    String kvType() {
        return int8 ? "INT8" : "F32";
    }

    /** From now on new sessions run like this: the plugin reads its settings whenever a session is first used. */
    void apply() {
        System.setProperty("alisa.sparse", String.valueOf(!dense()));
        System.setProperty("alisa.sparse.policy", policy.key());
        System.setProperty("alisa.sparse.caching-ratio", String.valueOf(cachingRatio()));
        System.setProperty("alisa.sparse.min-context", String.valueOf(MIN_CONTEXT));
        System.setProperty("alisa.kv.type", int8 ? "int8" : "host");
    }

    @Override
    public String toString() {
        return dense() ? "dense " + kvType() : policy.key() + " at " + sparsity + " %, " + kvType();
    }
}
