package io.alisa.agent;

import java.lang.instrument.Instrumentation;

import io.alisa.config.Configuration;
import io.alisa.config.Setting;

/** What {@code -javaagent:alisa-plugin.jar} starts. Does as little as possible, and never breaks the host's start. */
public final class AlisaAgent {
    private AlisaAgent() {
    }

    /** Called before {@code main}. */
    public static void premain(Instrumentation instrumentation) {
        try {
            Configuration configuration = Configuration.ofProcess();
            if (configuration.flag(Setting.ENABLED)) {
                Bridge.configure(configuration);
                instrumentation.addTransformer(new HostTransformer());
                return;
            }
            String doubt = configuration.doubtfullyOff();
            if (doubt != null) {
                System.err.println("[alisa] " + doubt + ", the host runs untouched");
            }
        } catch (Throwable t) { // a plugin must not keep an application from starting
            System.err.println("[alisa] could not start, the host runs untouched: " + t);
        }
    }
}
