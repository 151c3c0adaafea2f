package io.alisa.chat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.UUID;

import com.github.tjake.jlama.model.AbstractModel;
import io.alisa.Alisa;
import io.alisa.SessionReport;

/** What the plugin says about this process. */
public final class PluginView {
    /** What the chat says of it. */
    static final String INACTIVE = inactive("examples/chat");

    /** The plugin's flag. */
    static final String SPARSE = "alisa.sparse";

    private PluginView() {
    }

    /**
     * That nothing works but the host, and what to do about it.
     *
     * @param script what should have been started
     */
    public static String inactive(String script) {
        return "The plugin is not active, the host answers alone: start with " + script
                + " (or -javaagent:alisa-plugin.jar) and without alisa.enabled=false";
    }

    /** Whether sessions opened from now on are sparse: the plugin reads its settings whenever it opens one. */
    static void setSparse(boolean sparse) {
        System.setProperty(SPARSE, Boolean.toString(sparse));
    }

    static boolean isActive() {
        return Alisa.active();
    }

    /** The session used last, which right after a step is this chat's own. Empty if the host works alone. */
    public static Optional<SessionReport> lastSession() {
        return Alisa.active() ? Optional.ofNullable(Alisa.lastSession()) : Optional.empty();
    }

    /** Why what was read could not be saved to a file; empty where it was. */
    static Optional<String> save(UUID session, Path file) {
        try {
            Alisa.save(session, file);
            return Optional.empty();
        } catch (IOException | IllegalArgumentException | IllegalStateException e) {
            return Optional.of(ModelLoader.rootCause(e));
        }
    }

    /** The id of a session that was restored. Throws {@link UserError} where that is not possible. */
    static UUID restore(AbstractModel model, Path file) {
        try {
            return Alisa.restore(model, file);
        } catch (IOException | RuntimeException e) {
            throw new UserError(ModelLoader.rootCause(e), e);
        }
    }

    static String explain() {
        return Alisa.active() ? Alisa.explain() : INACTIVE;
    }
}
