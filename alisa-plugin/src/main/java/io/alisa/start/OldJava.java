package io.alisa.start;

/** What is said where this Java can't load the rest. Once: {@code java -jar} enters by the agent and by the doctor. */
final class OldJava {
    private static boolean said;

    private OldJava() {
    }

    static synchronized void say() {
        if (!said) {
            said = true;
            System.err
                    .println("[alisa] ALISA, a plugin for the LLM runtime Jlama, needs Java 25 or newer; this is Java "
                            + System.getProperty("java.version") + " (" + System.getProperty("java.home")
                            + "), so it does nothing: start with a newer one");
        }
    }
}
