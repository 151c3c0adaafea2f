package io.alisa.doctor;

import java.util.ArrayList;
import java.util.List;

import io.alisa.cache.KvFormat;
import io.alisa.config.Configuration;
import io.alisa.config.Setting;
import io.alisa.host.SessionMode;
import io.alisa.tier.PrivateFile;
import org.jspecify.annotations.Nullable;

/** Every setting in force with its source and meaning, and what of the configuration is wrong or does nothing. */
final class ConfigurationChecks {
    private static final String SUBJECT = "configuration";

    private ConfigurationChecks() {
    }

    static List<Check> of(Configuration configuration) {
        List<Check> checks = new ArrayList<>();
        for (Setting setting : Setting.values()) {
            Configuration.Value value = configuration.value(setting);
            String text = value.text().isEmpty() ? meant(setting, configuration) : value.text();
            checks.add(Check.ok(setting.key(),
                    text + " (" + value.source() + ") | " + setting.meaning()));
        }
        for (String warning : configuration.warnings()) {
            checks.add(Check.warn(SUBJECT, warning, "correct or remove it"));
        }
        for (Setting setting : Setting.values()) {
            Check idle = configuration.value(setting).isDefault() ? null : idle(setting, configuration);
            if (idle != null) {
                checks.add(idle);
            }
        }
        return checks;
    }

    /** What is said of a setting that changes nothing as long as others are as they are; null where it does. */
    private static @Nullable Check idle(Setting setting, Configuration configuration) {
        return switch (setting) {
            case SPARSE_POLICY, CACHING_RATIO, MIN_CONTEXT -> configuration.flag(Setting.SPARSE)
                    ? null
                    : Check.warn(SUBJECT, setting.key() + " has no effect: " + Setting.SPARSE.key() + " is false",
                            "set " + Setting.SPARSE.key() + "=true, or remove it");
            case MEMORY_SLOW, SLOW_DIR, RECOMPUTE -> {
                String why = whyNoFiles(configuration);
                yield why == null
                        ? null
                        : Check.warn(SUBJECT, setting.key() + " has no effect " + why,
                                "set " + Setting.KV_TYPE.key() + "=int8, or remove it");
            }
            default -> null;
        };
    }

    /** Where all KV stays in RAM, for only INT8 goes on in files and is deleted: in which mode; null where it does not. */
    static @Nullable String whyNoFiles(Configuration configuration) {
        SessionMode mode = SessionMode.of(configuration, KvFormat.F32);
        if (mode.format() == KvFormat.INT8) {
            return null;
        }
        return mode.exact() ? "in exact mode" : "with " + Setting.KV_TYPE.key() + "=host";
    }

    /** What holds where a setting has no text. */
    private static String meant(Setting setting, Configuration configuration) {
        return switch (setting) {
            case KV_TYPE -> SessionMode.of(configuration, KvFormat.F32).format() == KvFormat.INT8 ? "int8" : "host";
            case SLOW_DIR -> PrivateFile.directory("").toString();
            default -> "-";
        };
    }
}
