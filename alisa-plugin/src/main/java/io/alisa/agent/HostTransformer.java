package io.alisa.agent;

import java.io.IOException;
import java.io.InputStream;
import java.lang.classfile.ClassHierarchyResolver;
import java.lang.constant.ClassDesc;
import java.lang.instrument.ClassFileTransformer;
import java.security.ProtectionDomain;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.WeakHashMap;

import org.jspecify.annotations.Nullable;

/** Waits for the host's classes, checks the host when the first of them is loaded, then weaves or leaves it alone. */
final class HostTransformer implements ClassFileTransformer {
    /** What became of a host. */
    private enum Verdict {
        KNOWN, PASSED, REFUSED
    }

    private static final String VECTORS = "jdk.incubator.vector";

    private final Map<ClassLoader, Verdict> verdicts = new WeakHashMap<>();
    /** The host's classes that came through here, noted before they are loaded: any other was loaded without us. */
    private final Map<ClassLoader, Set<String>> seen = new WeakHashMap<>();
    private final ModuleLayer modules;
    private boolean warned;
    private @Nullable KnownHost known;

    HostTransformer() {
        this(ModuleLayer.boot());
    }

    /** @param modules what this JVM has */
    HostTransformer(ModuleLayer modules) {
        this.modules = modules;
    }

    /**
     * Refuses the hosts that came before us, be it with one class: what is loaded stays as it is, and only some of a host's
     * calls would reach us.
     *
     * @param classes loaded in this process
     */
    synchronized void refuseLoaded(Class<?>... classes) {
        for (Class<?> type : classes) {
            ClassLoader loader = type.getClassLoader();
            String name = type.getName().replace('.', '/');
            if (loader != null && JoinPoint.isOwner(name) && !isSeen(loader, name)) {
                refuse(loader, "Jlama was loaded before the plugin came, so it runs untouched: start the JVM with"
                        + " -javaagent:alisa-plugin.jar, in front of other agents, instead of attaching it");
            }
        }
    }

    @Override
    public byte @Nullable [] transform(@Nullable ClassLoader loader, String name,
            @Nullable Class<?> redefined,
            ProtectionDomain domain, byte[] classFile) {
        if (loader == null || name == null || !JoinPoint.isOwner(name)) {
            return null;
        }
        try {
            Verdict verdict = verdict(loader, name, classFile);
            return verdict == Verdict.REFUSED ? null : weave(verdict, loader, name, classFile);
        } catch (Throwable t) { // whatever is wrong with us, the host must load
            refuse(loader, "could not look into " + name + ", the host runs untouched: " + t);
            return null;
        }
    }

    /** All or nothing: what was woven of this host before does nothing either. */
    private synchronized void refuse(ClassLoader loader, String why) {
        if (verdicts.put(loader, Verdict.REFUSED) != Verdict.REFUSED) {
            Bridge.refused(loader, why);
            System.err.println("[alisa] " + why);
        }
    }

    private synchronized Verdict verdict(ClassLoader loader, String name, byte[] classFile)
            throws IOException {
        note(loader, name);
        Verdict verdict = verdicts.get(loader);
        if (verdict == null) {
            if (known == null) {
                known = KnownHost.ofBuild();
            }
            verdict = known != null && known.isIn(loader, name, classFile)
                    ? Verdict.KNOWN
                    : check(loader, name, classFile);
            verdicts.put(loader, verdict);
            if (verdict != Verdict.REFUSED) {
                Bridge.woven(loader);
                warnWithoutVectors();
            }
        }
        return verdict;
    }

    /** The host itself ends in a class that was not found, often deep in another exception, and does not say what cures it. */
    private void warnWithoutVectors() {
        if (!warned && modules.findModule(VECTORS).isEmpty()) {
            warned = true;
            String why = "the Vector API is off, without which Jlama can't load a model: start the JVM with --add-modules "
                    + VECTORS;
            Bridge.failed(why);
            System.err.println("[alisa] " + why);
        }
    }

    private void note(ClassLoader loader, String name) {
        Set<String> names = seen.get(loader);
        if (names == null) { // no lambda, which the JVM would make a class of at every start
            names = new HashSet<>();
            seen.put(loader, names);
        }
        names.add(name);
    }

    private boolean isSeen(ClassLoader loader, String name) {
        Set<String> names = seen.get(loader);
        return names != null && names.contains(name);
    }

    private Verdict check(ClassLoader loader, String name, byte[] classFile) {
        HostClasses host = new HostClasses(loader::getResourceAsStream);
        host.put(name, classFile);
        ClassLoader ours = HostTransformer.class.getClassLoader();
        List<String> differences = HostCheck.differences(host, new HostClasses(ours::getResourceAsStream));
        if (differences.isEmpty()) {
            return Verdict.PASSED;
        }
        refuse(loader, "this Jlama (version " + HostCheck.version(loader::getResourceAsStream)
                + ") is not one we know, it runs untouched; use version 0.8.4: "
                + differences.getFirst()
                + (differences.size() > 1 ? " (and " + (differences.size() - 1) + " more)" : ""));
        return Verdict.REFUSED;
    }

    private byte[] weave(Verdict verdict, ClassLoader loader, String name, byte[] classFile)
            throws IOException {
        byte @Nullable [] woven = null;
        if (verdict == Verdict.KNOWN && known != null) {
            woven = known.weave(name, classFile);
        }
        return woven != null ? woven : Weaver.weave(classFile, hierarchy(loader));
    }

    /** From class files, not from loaded classes: weaving one must not load others. */
    private static ClassHierarchyResolver hierarchy(ClassLoader loader) {
        return ClassHierarchyResolver.ofResourceParsing(type -> resource(loader, type));
    }

    private static @Nullable InputStream resource(ClassLoader loader, ClassDesc type) {
        String descriptor = type.descriptorString();
        return loader.getResourceAsStream(descriptor.substring(1, descriptor.length() - 1) + ".class");
    }
}
