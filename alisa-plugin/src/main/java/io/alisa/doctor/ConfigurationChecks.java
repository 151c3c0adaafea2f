package io.alisa.doctor;

import java.util.ArrayList;
import java.util.List;

import io.alisa.config.Configuration;
import io.alisa.config.Setting;

/** Every setting in force with its source and meaning, and what was wrong with the configuration. */
final class ConfigurationChecks {
    private ConfigurationChecks() {
    }

    static List<Check> of(Configuration configuration) {
        List<Check> checks = new ArrayList<>();
        for (Setting setting : Setting.values()) {
            Configuration.Value value = configuration.value(setting);
            String text = value.text().isEmpty() ? "-" : value.text();
            checks.add(Check.ok(setting.key(),
                    text + " (" + value.source() + ") | " + setting.meaning()));
        }
        for (String warning : configuration.warnings()) {
            checks.add(Check.warn("configuration", warning, "correct or remove it"));
        }
        return checks;
    }
}
