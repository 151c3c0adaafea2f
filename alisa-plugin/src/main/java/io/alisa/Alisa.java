package io.alisa;

import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;

import org.jspecify.annotations.Nullable;

/**
 * The in-process view of the running plugin. Thread-safe; every call is a snapshot.
 *
 * <p>The plugin runs where the agent was loaded, which need not be where this class was: an application server may
 * hold a copy of the jar of its own. So everything crosses as JDK types.
 */
public final class Alisa {
    private static final String NOT_LOADED = "ALISA is not loaded: start the JVM with -javaagent:alisa-plugin.jar";

    private Alisa() {
    }

    /** Whether the plugin has taken over a host in this process. False until the host is first used. */
    public static boolean active() {
        return Boolean.TRUE.equals(ask("active"));
    }

    /** The sessions that are open now, oldest first. */
    @SuppressWarnings("unchecked")
    public static List<SessionReport> sessions() {
        List<SessionReport> reports = new ArrayList<>();
        if (ask("sessions") instanceof List<?> sessions) {
            for (Object session : sessions) {
                reports.add(report((Map<String, Object>) session));
            }
        }
        return List.copyOf(reports);
    }

    /**
     * The session used last by whatever thread, also after it was closed; null when there was none yet. Where several
     * generate at once it may be another one's than the caller's.
     */
    @SuppressWarnings("unchecked")
    public static @Nullable SessionReport lastSession() {
        return ask("lastSession") instanceof Map<?, ?> session ? report((Map<String, Object>) session) : null;
    }

    /** One screen of text: mode, where the settings came from, what was decided and why, and what the sessions hold. */
    public static String explain() {
        return ask("explain") instanceof String text ? text : NOT_LOADED;
    }

    /**
     * Saves a session: its tokens with their keys and values, so that {@link #restore} goes on where it stands. The file
     * appears whole or not at all, readable by its owner only; it stays until somebody deletes it. A session can be saved
     * between two calls of {@code generate}, and goes on afterwards, as long as what it holds is kept: not where
     * {@code alisa.prefix.scope} is {@code off}, and half an hour at most.
     *
     * @param session the id that was given to {@code generate}, or that {@link #restore} returned, or that of its
     *                {@link SessionReport#id() report}
     * @param file    where to; an ordinary file that is there already is replaced
     * @throws IOException              where the file can't be written; what was at its place before is still there
     * @throws IllegalArgumentException where there is no such session
     * @throws IllegalStateException    where the plugin does not serve the host, or the session can't be saved as it is
     */
    public static void save(UUID session, Path file) throws IOException {
        Objects.requireNonNull(session, "session");
        Objects.requireNonNull(file, "file");
        call("save", new Class<?>[]{UUID.class, Path.class}, session, file);
    }

    /**
     * Restores a saved session, in the mode it was saved in, within the memory limits of this process.
     *
     * @param model the model it was saved with, loaded with the same types: what {@code ModelSupport.loadModel} returned
     * @return the id to give to {@code generate}, which then goes on as if it had never stopped; no other session begins with
     *         what was in the file
     * @throws IOException              where the file is not whole, or of another model or version, or not of ours: one
     *                                  sentence says so, and nothing has changed
     * @throws IllegalArgumentException where {@code model} is no model of Jlama
     * @throws IllegalStateException    where the plugin does not serve the host or the model
     */
    public static UUID restore(Object model, Path file) throws IOException {
        Objects.requireNonNull(model, "model");
        Objects.requireNonNull(file, "file");
        return (UUID) Objects.requireNonNull(call("restore", new Class<?>[]{Object.class, Path.class}, model, file));
    }

    private static @Nullable Object call(String method, Class<?>[] types, Object... arguments) throws IOException {
        try {
            return bridge().getMethod(method, types).invoke(null, arguments);
        } catch (ClassNotFoundException | NoSuchMethodException | IllegalAccessException e) {
            throw new IllegalStateException(NOT_LOADED, e);
        } catch (InvocationTargetException e) {
            throw rethrown(e.getCause());
        }
    }

    private static RuntimeException rethrown(@Nullable Throwable cause) throws IOException {
        if (cause instanceof IOException failure) {
            throw failure;
        }
        if (cause instanceof Error error) {
            throw error;
        }
        return cause instanceof RuntimeException failure ? failure : new IllegalStateException(cause);
    }

    /**
     * Pins tokens of a session: they are always attended, whatever the policy, and never deleted. A system prompt that was
     * added by the host's prompt builder is pinned without that. The pinned tokens count against the policy's budget, up to
     * half of it.
     *
     * @param session the id that was given to {@code generate}, that {@link #restore} returned, or that of its
     *                {@link SessionReport#id() report}: where clients draw an id for every prompt, these tokens are
     *                pinned until the next one
     * @param from    position of the first token
     * @param end     behind the last; these tokens were said already
     * @return whether there is such a session
     * @throws IllegalArgumentException where the session has no such tokens
     */
    public static boolean pin(UUID session, int from, int end) {
        Objects.requireNonNull(session, "session");
        try {
            return Boolean.TRUE.equals(bridge().getMethod("pin", UUID.class, int.class, int.class).invoke(null, session,
                    from, end));
        } catch (ClassNotFoundException | NoSuchMethodException | IllegalAccessException e) {
            return false; // no agent in this process
        } catch (InvocationTargetException e) {
            if (e.getCause() instanceof IllegalArgumentException wrong) {
                throw new IllegalArgumentException(wrong.getMessage(), wrong);
            }
            throw new IllegalStateException("The plugin could not pin tokens", e.getCause());
        }
    }

    private static @Nullable Object ask(String question) {
        try {
            return bridge().getMethod("ask", String.class).invoke(null, question);
        } catch (ClassNotFoundException | NoSuchMethodException | IllegalAccessException e) {
            return null; // no agent in this process
        } catch (InvocationTargetException e) {
            throw new IllegalStateException("The plugin could not answer '" + question + "'", e.getCause());
        }
    }

    private static Class<?> bridge() throws ClassNotFoundException {
        return Class.forName("io.alisa.agent.Bridge", false, ClassLoader.getSystemClassLoader());
    }

    private static SessionReport report(Map<String, Object> fields) {
        return new SessionReport((String) get(fields, "id"), (String) get(fields, "model"),
                (String) get(fields, "mode"), (Boolean) get(fields, "closed"), number(fields, "tokens"),
                Phase.valueOf((String) get(fields, "phase")), number(fields, "fastBytes"),
                number(fields, "slowBytes"), number(fields, "hostEquivalentBytes"),
                ((Number) get(fields, "attendedTokensPerStep")).doubleValue(),
                number(fields, "deletedTokens"),
                number(fields, "recomputedTokens"), number(fields, "recalledTokens"),
                number(fields, "loadedBytes"), number(fields, "stallNanos"),
                ((Number) get(fields, "keptMass")).doubleValue(), number(fields, "pinnedTokens"),
                number(fields, "reusedTokens"), number(fields, "deviceBytes"));
    }

    private static long number(Map<String, Object> fields, String name) {
        return ((Number) get(fields, name)).longValue();
    }

    private static Object get(Map<String, Object> fields, String name) {
        Object value = fields.get(name);
        if (value == null) {
            throw new IllegalStateException("Two versions of alisa-plugin.jar meet in this process: '" + name
                    + "' is missing from a report; use one version");
        }
        return value;
    }
}
