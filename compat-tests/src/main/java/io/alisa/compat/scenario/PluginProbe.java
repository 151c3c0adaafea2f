package io.alisa.compat.scenario;

import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/**
 * Asks {@code io.alisa.Alisa} by reflection, because a helper JVM may run without the agent, and through the system
 * class loader, because the host may live in a loader that can't see it.
 */
final class PluginProbe {
    private PluginProbe() {
    }

    static boolean active() {
        return ask("active").map(Boolean.class::cast).orElse(false);
    }

    /** Tokens in the context of every open session, sorted. */
    static List<Long> openSessions() {
        List<Long> tokens = new ArrayList<>();
        if (ask("sessions").orElse(List.of()) instanceof List<?> sessions) {
            for (Object session : sessions) {
                tokens.add(tokens(session));
            }
        }
        tokens.sort(null);
        return tokens;
    }

    /** Tokens in the context of the session used last, also after it closed. */
    static List<Long> lastSession() {
        return ask("lastSession").map(session -> List.of(tokens(session))).orElse(List.of());
    }

    private static long tokens(Object session) {
        return (Long) get(session, "tokens");
    }

    /** The mode of the session used last; empty where there was none. */
    static String lastMode() {
        return ask("lastSession").map(session -> (String) get(session, "mode")).orElse("");
    }

    /** What the report of the session used last says by that name; empty where there was none. */
    static String last(String name) {
        return ask("lastSession").map(session -> get(session, name).toString()).orElse("");
    }

    /** Bytes held for the session used last. */
    static long lastBytes() {
        return ask("lastSession").map(session -> (Long) get(session, "fastBytes")).orElse(0L);
    }

    /** A number of bytes, summed over the open sessions. */
    static long openBytes(String name) {
        long sum = 0;
        if (ask("sessions").orElse(List.of()) instanceof List<?> sessions) {
            for (Object session : sessions) {
                sum += (Long) get(session, name);
            }
        }
        return sum;
    }

    /** Saves a session; what the plugin refuses is thrown as it comes. */
    static void save(UUID session, Path file) throws IOException {
        call("save", new Class<?>[]{UUID.class, Path.class}, session, file);
    }

    /** Restores a session; returns its id. */
    static UUID restore(Object model, Path file) throws IOException {
        return (UUID) call("restore", new Class<?>[]{Object.class, Path.class}, model, file);
    }

    /** Pins tokens of a session. */
    static boolean pin(UUID session, int from, int end) throws IOException {
        return (Boolean) call("pin", new Class<?>[]{UUID.class, int.class, int.class}, session, from, end);
    }

    private static Object call(String method, Class<?>[] types, Object... arguments) throws IOException {
        try {
            return Class.forName("io.alisa.Alisa", true, ClassLoader.getSystemClassLoader()).getMethod(method, types)
                    .invoke(null, arguments);
        } catch (InvocationTargetException e) {
            if (e.getCause() instanceof IOException refusal) {
                throw refusal;
            }
            throw new IllegalStateException(e.getCause());
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
    }

    private static Object get(Object session, String name) {
        try {
            return session.getClass().getMethod(name).invoke(session);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
    }

    private static Optional<Object> ask(String method) {
        try {
            Class<?> alisa = Class.forName("io.alisa.Alisa", true, ClassLoader.getSystemClassLoader());
            return Optional.ofNullable(alisa.getMethod(method).invoke(null));
        } catch (ClassNotFoundException e) {
            return Optional.empty(); // no agent in this process
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
    }
}
