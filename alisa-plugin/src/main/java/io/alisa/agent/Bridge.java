package io.alisa.agent;

import java.io.IOException;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.ref.WeakReference;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.WeakHashMap;

import io.alisa.config.Configuration;
import io.alisa.config.Setting;
import io.alisa.host.Binding;
import io.alisa.host.HostHooks;
import io.alisa.host.Reports;
import io.alisa.host.SavedSessions;
import io.alisa.host.Sessions;
import io.alisa.SessionReport;
import org.jspecify.annotations.Nullable;

/**
 * Where the host's woven calls and applications' questions arrive. JDK types only: callers may live in any class
 * loader. Public because both find it by name.
 */
public final class Bridge {
    /** Weak on both sides: an adapter leads to its host's loader, which must go when its application is undeployed. */
    private static final Map<ClassLoader, WeakReference<HostHooks>> HOSTS = new WeakHashMap<>();
    /** What is wrong with the process, whatever the host. */
    private static final List<String> FAILURES = Collections.synchronizedList(new ArrayList<>());
    /** Why a host runs untouched, as long as it is there. */
    private static final Map<ClassLoader, String> REFUSALS = Collections.synchronizedMap(new WeakHashMap<>());
    /**
     * Whose hosts are woven, though nothing of them may have run yet: true; false where weaving failed half-way. With a lock
     * of its own: it is written while classes are loaded, and loading them may be what the holder of the other lock waits for.
     */
    private static final Map<ClassLoader, Boolean> WOVEN = Collections.synchronizedMap(new WeakHashMap<>());

    private static final String MODEL = "com.github.tjake.jlama.model.AbstractModel";
    private static final String INACTIVE = "ALISA does not serve this host, so it has no sessions to save or restore:"
            + " start the JVM with -javaagent:alisa-plugin.jar, without alisa.enabled=false, and with a Jlama that it knows";

    private Bridge() {
    }

    /**
     * The handle a woven call invokes: the hook of the adapter that serves the host's class loader. Where the
     * adapter can't be made, or not all of the host could be woven, a handle that does nothing and leaves everything to the
     * host.
     */
    public static MethodHandle bind(Class<?> hostClass, String joinPoint) {
        JoinPoint point = JoinPoint.valueOf(joinPoint);
        MethodType type = MethodType.fromMethodDescriptorString(point.hookType().descriptorString(), null);
        HostHooks hooks = hooksOf(hostClass.getClassLoader());
        if (hooks == null) {
            return MethodHandles.empty(type);
        }
        try {
            return MethodHandles.publicLookup()
                    .findVirtual(HostHooks.class, point.hook(), type).bindTo(hooks);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("No hook for " + point, e);
        }
    }

    private static synchronized @Nullable HostHooks hooksOf(ClassLoader loader) {
        if (isRefused(loader)) {
            return null;
        }
        WeakReference<HostHooks> known = HOSTS.get(loader);
        HostHooks hooks = known == null ? null : known.get(); // the first woven call that runs holds it, none may have yet
        if (hooks != null) {
            return hooks;
        }
        try {
            Configuration settings = AlisaAgent.settings();
            hooks = AdapterLoader.load(loader, settings == null ? Configuration.ofProcess() : settings);
        } catch (ReflectiveOperationException | RuntimeException | LinkageError e) {
            // The host must run whatever is wrong with us.
            String why = "could not start, the host runs untouched: " + Reason.of(e);
            refused(loader, why);
            System.err.println("[alisa] " + why);
            return null;
        }
        HOSTS.put(loader, new WeakReference<>(hooks));
        return hooks;
    }

    static void woven(ClassLoader host) {
        WOVEN.putIfAbsent(host, true);
    }

    /** What was woven of this host does nothing from now on, but for calls that have run before. */
    static void refused(ClassLoader host, String why) {
        WOVEN.put(host, false);
        REFUSALS.putIfAbsent(host, why);
    }

    /** For those who ask for an explanation: they may not read standard error. */
    static void failed(String why) {
        FAILURES.add(why);
    }

    private static boolean isRefused(ClassLoader host) {
        return Boolean.FALSE.equals(WOVEN.get(host));
    }

    /** Saves a session for {@link io.alisa.Alisa}. */
    public static void save(UUID session, Path file) throws IOException {
        boolean saved = false;
        List<HostHooks> hosts = hosts();
        for (int i = 0; i < hosts.size() && !saved; i++) {
            saved = hosts.get(i).save(session, file);
        }
        if (hosts.isEmpty()) {
            throw new IllegalStateException(INACTIVE);
        }
        if (!saved && Sessions.ofProcess().find(session).isEmpty()) {
            throw new IllegalArgumentException("There is no session " + session
                    + "; give the id that was given to generate, that restore returned, or of the report of a session whose"
                    + " keys and values are there");
        }
        if (!saved) {
            throw new IllegalStateException("Session " + session + SavedSessions.GONE);
        }
    }

    /** Restores a session for {@link io.alisa.Alisa}. */
    public static UUID restore(Object model, Path file) throws IOException {
        for (Class<?> type = model.getClass(); type != null; type = type.getSuperclass()) {
            if (type.getName().equals(MODEL)) {
                HostHooks hooks = isWoven(type.getClassLoader()) ? hooksOf(type.getClassLoader()) : null;
                if (hooks == null) {
                    throw new IllegalStateException(INACTIVE);
                }
                return hooks.restore(model, file);
            }
        }
        throw new IllegalArgumentException("A " + model.getClass().getName() + " is no model of Jlama: give what"
                + " ModelSupport.loadModel returned");
    }

    private static boolean isWoven(@Nullable ClassLoader host) {
        return Boolean.TRUE.equals(WOVEN.get(host));
    }

    /** Answers {@link io.alisa.Alisa}: null, a Boolean, text, a map, or a list of maps. */
    public static @Nullable Object ask(String question) {
        return switch (question) {
            case "active" -> !hosts().isEmpty();
            case "sessions" -> Sessions.ofProcess().reports().stream().map(Reports::asMap).toList();
            case "lastSession" -> {
                SessionReport last = Sessions.ofProcess().last();
                yield last == null ? null : Reports.asMap(last);
            }
            case "explain" -> explain();
            default -> throw new IllegalArgumentException("Unknown question '" + question + "'");
        };
    }

    /**
     * Pins the tokens {@code from} to {@code end - 1} of the sessions that the host knows by an id. Returns whether there is
     * one.
     */
    public static boolean pin(UUID session, int from, int end) {
        List<Binding> bindings = Sessions.ofProcess().find(session);
        bindings.forEach(binding -> binding.pin(from, end));
        return !bindings.isEmpty();
    }

    private static synchronized List<HostHooks> hosts() {
        List<HostHooks> hosts = new ArrayList<>();
        HOSTS.forEach((loader, reference) -> {
            HostHooks hooks = reference.get();
            if (hooks != null && !isRefused(loader)) {
                hosts.add(hooks);
            }
        });
        return hosts;
    }

    private static synchronized String explain() {
        StringBuilder text = new StringBuilder();
        for (HostHooks host : hosts()) {
            text.append(host.describe()).append('\n');
        }
        Configuration start = AlisaAgent.settings();
        List<String> failures = new ArrayList<>(FAILURES);
        failures.addAll(REFUSALS.values());
        if (hosts().isEmpty()) {
            text.append(SettingsText.whyNoHost(start, !failures.isEmpty()));
        }
        failures.forEach(failure -> text.append(failure).append('\n'));
        if (start != null && start.flag(Setting.ENABLED)) {
            text.append(SettingsText.of(Configuration.ofProcess())); // as they are now: the next session reads them
        }
        List<SessionReport> sessions = Sessions.ofProcess().reports();
        text.append(sessions.size()).append(sessions.size() == 1 ? " open session\n" : " open sessions\n");
        sessions.forEach(session -> text.append(SessionText.of(session)));
        text.append(SessionText.of(Sessions.ofProcess().kept()));
        Sessions.ofProcess().planReasons().forEach(reason -> text.append("  ").append(reason).append('\n'));
        return text.toString();
    }
}
