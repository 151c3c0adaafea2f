package io.alisa.agent;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassHierarchyResolver;
import java.lang.classfile.ClassModel;
import java.util.Objects;

/** Class files of the host on the test's class path, read as resources. */
final class HostFiles {
    static final ClassLoader LOADER = HostFiles.class.getClassLoader();
    static final ClassHierarchyResolver HIERARCHY = ClassHierarchyResolver.ofResourceParsing(LOADER);

    private HostFiles() {
    }

    static byte[] read(String internalName) {
        try (InputStream in = LOADER.getResourceAsStream(internalName + ".class")) {
            return Objects.requireNonNull(in, internalName).readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static ClassModel parse(String internalName) {
        return ClassFile.of().parse(read(internalName));
    }
}
