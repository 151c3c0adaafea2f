package io.alisa.compat.quality;

import java.util.List;
import java.util.Locale;

import org.jspecify.annotations.Nullable;

/** Was a setting really in force? A figure measured under another one would be worse than none. */
final class SettingCheck {
    /** Tokens attended beyond the share asked for: the block that is being filled, and rounding. */
    private static final int SLACK = 64;

    private SettingCheck() {
    }

    /**
     * What is wrong, or null.
     *
     * @param mode        what the plugin says it does
     * @param attended    tokens attended per step, on average
     * @param meanContext tokens a dense step would have attended, on average
     */
    static @Nullable String complaint(Setting setting, String mode, double attended, double meanContext) {
        if (modeIs(setting, mode) && attendedIs(setting, attended, meanContext)) {
            return null;
        }
        return String.format(Locale.ROOT,
                "Asked for '%s', but the plugin ran '%s' and attended %.1f of %.1f tokens per step: "
                        + "this plugin does not follow the setting, so there is nothing to measure",
                setting, mode, attended,
                meanContext);
    }

    private static boolean modeIs(Setting setting, String mode) {
        List<String> words = List.of(mode.split("[^A-Za-z0-9-]+", -1));
        boolean dense = words.contains("dense") || words.contains("exact");
        boolean sparse = words.size() > 1 && words.get(0).equals("sparse")
                && words.get(1).equals(setting.policy().key());
        // With every token attended a policy may as well call itself dense.
        boolean policy = setting.dense() ? dense : sparse || (setting.sparsity() == 0 && dense);
        return policy && words.contains(setting.kvType());
    }

    private static boolean attendedIs(Setting setting, double attended, double meanContext) {
        double asked = setting.cachingRatio() * meanContext;
        return setting.sparsity() == 0
                ? attended >= 0.98 * asked
                : attended >= 0.95 * asked && attended <= 1.1 * asked + SLACK;
    }
}
