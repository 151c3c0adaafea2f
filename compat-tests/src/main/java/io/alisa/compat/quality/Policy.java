package io.alisa.compat.quality;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** Which tokens a step attends, as the plugin names it. */
enum Policy {
    DENSE, SWA, SWA_PAPER, H2O, STREAMING_LLM, LOCAL, STRIDED;

    static List<Policy> sparse() {
        return Arrays.stream(values()).filter(policy -> policy != DENSE).toList();
    }

    String key() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
