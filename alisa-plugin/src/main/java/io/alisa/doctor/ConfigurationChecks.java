package io.alisa.doctor;

import java.util.ArrayList;
import java.util.List;

import io.alisa.cache.KvFormat;
import io.alisa.config.Configuration;
import io.alisa.config.Setting;
import io.alisa.host.SessionMode;
import io.alisa.tier.PrivateFile;

/** Every setting in force with its source and meaning, and what was wrong with the configuration. */
final class ConfigurationChecks {
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
            checks.add(Check.warn("configuration", warning, "correct or remove it"));
        }
        return checks;
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
