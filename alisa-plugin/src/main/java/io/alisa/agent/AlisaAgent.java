package io.alisa.agent;

import java.lang.instrument.Instrumentation;

import io.alisa.config.Configuration;
import io.alisa.config.Setting;
import org.jspecify.annotations.Nullable;

/** What {@code -javaagent:alisa-plugin.jar} starts. Does as little as possible, and never breaks the host's start. */
public final class AlisaAgent {
    /**
     * The settings it started with, or those that keep it switched off; null: it was never loaded. The bridge asks for them:
     * where the plugin is switched off, no class more than this one is loaded.
     */
    private static volatile @Nullable Configuration settings;
    private static boolean started;

    private AlisaAgent() {
    }

    /** Called before {@code main}, or whenever the agent is attached: once is enough. */
    public static synchronized void premain(@Nullable String arguments, Instrumentation instrumentation) {
        try {
            if (arguments != null && !arguments.isBlank()) {
                System.err.println("[alisa] what stands behind -javaagent:alisa-plugin.jar= is not read: set properties"
                        + " instead, -Dalisa.sparse=true for instance");
            }
            Configuration configuration = Configuration.ofProcess();
            if (!started) {
                settings = configuration;
            }
            if (configuration.flag(Setting.ENABLED) && !started) {
                started = true;
                HostTransformer transformer = new HostTransformer();
                transformer.refuseLoaded(instrumentation.getAllLoadedClasses());
                instrumentation.addTransformer(transformer);
                transformer.refuseLoaded(instrumentation.getAllLoadedClasses()); // what came meanwhile
            }
            String doubt = configuration.doubtfullyOff();
            if (doubt != null) {
                System.err.println("[alisa] the host runs untouched: " + doubt);
            }
        } catch (Throwable t) { // a plugin must not keep an application from starting
            System.err.println("[alisa] could not start, the host runs untouched: " + Reason.of(t));
        }
    }

    static @Nullable Configuration settings() {
        return settings;
    }
}
