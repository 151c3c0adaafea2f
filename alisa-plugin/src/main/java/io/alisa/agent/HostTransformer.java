package io.alisa.agent;

import java.io.InputStream;
import java.lang.classfile.ClassHierarchyResolver;
import java.lang.constant.ClassDesc;
import java.lang.instrument.ClassFileTransformer;
import java.security.ProtectionDomain;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.WeakHashMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import org.jspecify.annotations.Nullable;

/** Waits for the host's classes, checks the host when the first of them is loaded, then weaves or leaves it alone. */
final class HostTransformer implements ClassFileTransformer {
    private static final Set<String> OWNERS = Stream.of(JoinPoint.values()).map(JoinPoint::owner)
            .collect(Collectors.toUnmodifiableSet());

    private final Map<ClassLoader, Boolean> known = new WeakHashMap<>();

    @Override
    public byte @Nullable [] transform(@Nullable ClassLoader loader, String name,
            @Nullable Class<?> redefined,
            ProtectionDomain domain, byte[] classFile) {
        if (loader == null || name == null || !OWNERS.contains(name)) {
            return null;
        }
        try {
            return isKnown(loader, name, classFile)
                    ? Weaver.weave(classFile, hierarchy(loader))
                    : null;
        } catch (Throwable t) { // whatever is wrong with us, the host must load
            System.err.println("[alisa] could not look into " + name + ", the host runs untouched: " + t);
            return null;
        }
    }

    private synchronized boolean isKnown(ClassLoader loader, String name, byte[] classFile) {
        Boolean answer = known.get(loader);
        if (answer == null) {
            HostClasses host = new HostClasses(loader::getResourceAsStream);
            host.put(name, classFile);
            ClassLoader ours = HostTransformer.class.getClassLoader();
            List<String> differences = HostCheck.differences(host,
                    new HostClasses(ours::getResourceAsStream));
            answer = differences.isEmpty();
            known.put(loader, answer);
            if (!answer) {
                System.err.println("[alisa] this Jlama (version " + HostCheck.version(loader)
                        + ") is not one we know, it runs untouched; use version 0.8.4: "
                        + differences.getFirst()
                        + (differences.size() > 1 ? " (and " + (differences.size() - 1) + " more)" : ""));
            }
        }
        return answer;
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
