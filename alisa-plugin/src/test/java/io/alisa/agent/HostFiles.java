package io.alisa.agent;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.classfile.AccessFlags;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassHierarchyResolver;
import java.lang.classfile.ClassModel;
import java.lang.classfile.CodeModel;
import java.lang.classfile.MethodModel;
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

    /** The join point's class, its method being static. */
    static byte[] withStatic(JoinPoint point) {
        return with(point, ClassFile.ACC_STATIC, true);
    }

    /** The join point's class, its method being abstract. */
    static byte[] withoutBody(JoinPoint point) {
        return with(point, ClassFile.ACC_ABSTRACT, false);
    }

    private static byte[] with(JoinPoint point, int flag, boolean body) {
        return ClassFile.of().transformClass(parse(point.owner()), (builder, element) -> {
            if (element instanceof MethodModel method && method.methodName().equalsString(point.method())
                    && method.methodType().equalsString(point.descriptor())) {
                builder.withMethod(method.methodName(), method.methodType(), method.flags().flagsMask() | flag,
                        changed -> method.elementStream()
                                .filter(part -> !(part instanceof AccessFlags)
                                        && (body || !(part instanceof CodeModel)))
                                .forEach(changed::with));
            } else {
                builder.with(element);
            }
        });
    }
}
