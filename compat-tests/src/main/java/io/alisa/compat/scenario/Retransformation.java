package io.alisa.compat.scenario;

import java.lang.instrument.Instrumentation;
import java.lang.instrument.UnmodifiableClassException;
import java.util.Arrays;
import java.util.jar.Attributes;
import java.util.jar.Manifest;

import org.jspecify.annotations.Nullable;

/**
 * An agent beside the plugin's that has all of the host's classes transformed again, as a profiler does that is attached. Its jar
 * needs no more than a manifest: the class is on the class path.
 */
public final class Retransformation {
    private static final int COLLECTIONS = 5;
    private static volatile @Nullable Instrumentation instrumentation;

    private Retransformation() {
    }

    /** Called by the JVM. */
    public static void premain(String arguments, Instrumentation tools) {
        instrumentation = tools;
    }

    /** Of the agent's jar. */
    public static Manifest manifest() {
        Manifest manifest = new Manifest();
        Attributes attributes = manifest.getMainAttributes();
        attributes.put(Attributes.Name.MANIFEST_VERSION, "1.0");
        attributes.putValue("Premain-Class", Retransformation.class.getName());
        attributes.putValue("Can-Retransform-Classes", "true");
        return manifest;
    }

    /** Where this is an agent: what classes refer to is looked up anew from now on, and what nobody else held is gone. */
    static void ofHost() {
        Instrumentation tools = instrumentation;
        if (tools == null) {
            return;
        }
        try {
            tools.retransformClasses(Arrays.stream(tools.getAllLoadedClasses())
                    .filter(type -> type.getName().startsWith("com.github.tjake.jlama.")
                            && tools.isModifiableClass(type))
                    .toArray(Class<?>[]::new));
        } catch (UnmodifiableClassException e) {
            throw new IllegalStateException(e);
        }
        for (int i = 0; i < COLLECTIONS; i++) {
            System.gc();
        }
        System.out.println("The host was transformed again");
    }
}
