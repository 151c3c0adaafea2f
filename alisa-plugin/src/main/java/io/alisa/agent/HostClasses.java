package io.alisa.agent;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;

import org.jspecify.annotations.Nullable;

/** Parsed class files, read as resources: looking at a class this way does not load it. Not thread-safe. */
final class HostClasses {
    private final Function<String, @Nullable InputStream> resources;
    private final Map<String, @Nullable ClassModel> parsed = new HashMap<>();

    /** @param resources opens a resource by its path, or returns null */
    HostClasses(Function<String, @Nullable InputStream> resources) {
        this.resources = resources;
    }

    /** Takes {@code bytes} as the class file of {@code internalName}, whatever the resources say. */
    void put(String internalName, byte[] bytes) {
        parsed.put(internalName, ClassFile.of().parse(bytes));
    }

    /** The class, or null where there is none. */
    @Nullable
    ClassModel find(String internalName) {
        if (!parsed.containsKey(internalName)) {
            parsed.put(internalName, parse(internalName));
        }
        return parsed.get(internalName);
    }

    /** Names of all that was asked for so far. */
    Set<String> names() {
        return parsed.keySet();
    }

    private @Nullable ClassModel parse(String internalName) {
        try (InputStream in = resources.apply(internalName + ".class")) {
            return in == null ? null : ClassFile.of().parse(in.readAllBytes());
        } catch (IOException e) {
            throw new UncheckedIOException("Can't read " + internalName, e);
        }
    }
}
