package io.alisa.agent;

import java.lang.instrument.Instrumentation;

import io.alisa.config.Configuration;
import io.alisa.config.Setting;
import org.jspecify.annotations.Nullable;

/** The entry: {@code -javaagent:alisa-plugin.jar}. Does as little as possible, and never breaks the host's start. */
public final class AlisaAgent {
    private AlisaAgent() {
    }

    /** Called by the JVM before {@code main}. */
    public static void premain(@Nullable String arguments, Instrumentation instrumentation) {
        try {
            Configuration configuration = Configuration.ofProcess();
            if (configuration.flag(Setting.ENABLED)) {
                Bridge.configure(configuration);
                instrumentation.addTransformer(new HostTransformer());
            }
        } catch (Throwable t) { // a plugin must not keep an application from starting
            System.err.println("[alisa] could not start, the host runs untouched: " + t);
        }
    }

    /** Called where the agent comes with an executable jar ({@code Launcher-Agent-Class}). */
    public static void agentmain(@Nullable String arguments, Instrumentation instrumentation) {
        premain(arguments, instrumentation);
    }
}
