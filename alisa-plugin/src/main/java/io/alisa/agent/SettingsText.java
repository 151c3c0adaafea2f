package io.alisa.agent;

import java.util.ArrayList;
import java.util.List;

import io.alisa.config.Configuration;
import io.alisa.config.Setting;
import org.jspecify.annotations.Nullable;

/** What the settings have to do with what runs, in a line or two, for {@code explain()}. */
final class SettingsText {
    private SettingsText() {
    }

    /**
     * Why nothing is served.
     *
     * @param start  the settings the agent found; null where it was never loaded
     * @param failed whether there was a host, but something was wrong
     */
    static String whyNoHost(@Nullable Configuration start, boolean failed) {
        if (start == null) {
            return "ALISA is not loaded: start the JVM with -javaagent:alisa-plugin.jar\n";
        }
        if (!start.flag(Setting.ENABLED)) {
            String doubt = start.doubtfullyOff();
            return "ALISA is switched off: " + (doubt == null
                    ? Setting.ENABLED.key() + "=false (" + start.value(Setting.ENABLED).source()
                            + "); set it to true, or remove it"
                    : doubt) + ", and start the JVM again\n";
        }
        return failed
                ? "ALISA is loaded but serves no host:\n"
                : "ALISA is loaded but serves no host yet: nothing of Jlama has run\n";
    }

    /** Where what is set came from, and what is wrong with it. */
    static String of(Configuration configuration) {
        List<String> given = new ArrayList<>();
        for (Setting setting : Setting.values()) {
            Configuration.Value value = configuration.value(setting);
            if (setting != Setting.ENABLED && !value.isDefault()) { // that one is read at start only
                given.add(setting.key() + "=" + value.text() + " (" + value.source() + ")");
            }
        }
        StringBuilder text = new StringBuilder("settings: ")
                .append(given.isEmpty() ? "the defaults" : String.join(", ", given)).append('\n');
        configuration.warnings().forEach(warning -> text.append("warning: ").append(warning).append('\n'));
        return text.toString();
    }
}
