package io.alisa;

import java.lang.reflect.InvocationTargetException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

import org.jspecify.annotations.Nullable;

/**
 * The in-process view of the running plugin. Thread-safe; every call is a snapshot.
 *
 * <p>The plugin runs where the agent was loaded, which need not be where this class was: an application server may
 * hold a copy of the jar of its own. So everything crosses as JDK types.
 */
public final class Alisa {
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

    /** The session used last, also after it was closed; null when there was none yet. */
    @SuppressWarnings("unchecked")
    public static @Nullable SessionReport lastSession() {
        return ask("lastSession") instanceof Map<?, ?> session ? report((Map<String, Object>) session) : null;
    }

    /** One screen of text: mode, what was decided and why, and what the sessions hold. */
    public static String explain() {
        return ask("explain") instanceof String text
                ? text
                : "ALISA is not active: start the JVM with -javaagent:alisa-plugin.jar";
    }

    private static @Nullable Object ask(String question) {
        try {
            Class<?> bridge = Class.forName("io.alisa.agent.Bridge", false,
                    ClassLoader.getSystemClassLoader());
            return bridge.getMethod("ask", String.class).invoke(null, question);
        } catch (ClassNotFoundException | NoSuchMethodException | IllegalAccessException e) {
            return null; // no agent in this process
        } catch (InvocationTargetException e) {
            throw new IllegalStateException("The plugin could not answer '" + question + "'", e.getCause());
        }
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
                ((Number) get(fields, "keptMass")).doubleValue(), number(fields, "deviceBytes"));
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
