package io.alisa.chat;

import java.util.Optional;

import io.alisa.Alisa;
import io.alisa.SessionReport;

/** What the plugin says about this process. */
final class PluginView {
    static final String INACTIVE = "The plugin is not active, the host answers alone:"
            + " start with examples/chat (or -javaagent:alisa-plugin.jar) and without alisa.enabled=false";

    private PluginView() {
    }

    /** The session used last, which right after a step is this chat's own. Empty if the host works alone. */
    static Optional<SessionReport> lastSession() {
        return Alisa.active() ? Optional.ofNullable(Alisa.lastSession()) : Optional.empty();
    }

    static String explain() {
        return Alisa.active() ? Alisa.explain() : INACTIVE;
    }
}
