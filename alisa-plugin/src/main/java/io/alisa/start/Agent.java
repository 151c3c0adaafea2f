package io.alisa.start;

import java.lang.instrument.Instrumentation;

import io.alisa.agent.AlisaAgent;

/** {@code -javaagent:alisa-plugin.jar}: starts the agent, or on an older Java says why not and leaves the host alone. */
public final class Agent {
    private Agent() {
    }

    /** Called by the JVM before {@code main}. */
    public static void premain(String arguments, Instrumentation instrumentation) {
        try {
            AlisaAgent.premain(arguments, instrumentation);
        } catch (UnsupportedClassVersionError e) {
            OldJava.say();
        }
    }

    /** Called where the agent is attached, or comes with an executable jar ({@code Launcher-Agent-Class}). */
    public static void agentmain(String arguments, Instrumentation instrumentation) {
        premain(arguments, instrumentation);
    }
}
