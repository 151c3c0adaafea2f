package io.alisa.compat;

import java.io.IOException;
import java.io.InputStream;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassFile.ClassHierarchyResolverOption;
import java.lang.classfile.ClassHierarchyResolver;
import java.lang.classfile.ClassTransform;
import java.lang.classfile.CodeTransform;
import java.lang.classfile.FieldModel;
import java.lang.classfile.MethodModel;
import java.lang.classfile.MethodTransform;
import java.lang.classfile.instruction.FieldInstruction;
import java.nio.file.Files;
import java.nio.file.Path;

/** Makes a host class that works as before but is not the one the plugin was made for. */
final class TamperedHost {
    private TamperedHost() {
    }

    /** Writes the class with one field renamed under {@code directory}. */
    static void renameField(Path directory, String className, String from, String to) throws IOException {
        ClassLoader loader = TamperedHost.class.getClassLoader();
        ClassFile classFile = ClassFile
                .of(ClassHierarchyResolverOption.of(ClassHierarchyResolver.ofResourceParsing(loader)));
        byte[] tampered;
        try (InputStream original = loader.getResourceAsStream(className + ".class")) {
            tampered = classFile.transformClass(classFile.parse(original.readAllBytes()), rename(from, to));
        }
        Path file = directory.resolve(className + ".class");
        Files.createDirectories(file.getParent());
        Files.write(file, tampered);
    }

    private static ClassTransform rename(String from, String to) {
        CodeTransform uses = (builder, element) -> {
            if (element instanceof FieldInstruction use && use.name().equalsString(from)) {
                builder.fieldAccess(use.opcode(), use.owner().asSymbol(), to, use.typeSymbol());
            } else {
                builder.with(element);
            }
        };
        return (builder, element) -> {
            if (element instanceof FieldModel field && field.fieldName().equalsString(from)) {
                builder.withField(to, field.fieldTypeSymbol(), renamed -> field.forEach(renamed::with));
            } else if (element instanceof MethodModel method) {
                builder.transformMethod(method, MethodTransform.transformingCode(uses));
            } else {
                builder.with(element);
            }
        };
    }
}
