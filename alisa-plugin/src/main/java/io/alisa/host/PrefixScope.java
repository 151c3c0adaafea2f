package io.alisa.host;

import io.alisa.config.Configuration;
import io.alisa.config.Setting;

/** Who may go on from what a closed session holds. */
public enum PrefixScope {
    /** Nobody: it is freed. */
    OFF,
    /** Only who had it. */
    SESSION,
    /** Whatever session of the model begins alike. */
    MODEL;

    public static PrefixScope of(Configuration configuration) {
        return switch (configuration.text(Setting.PREFIX_SCOPE)) {
            case "model" -> MODEL;
            case "session" -> SESSION;
            default -> OFF;
        };
    }
}
