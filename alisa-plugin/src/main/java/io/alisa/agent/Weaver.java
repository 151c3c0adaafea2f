package io.alisa.agent;

import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassHierarchyResolver;
import java.lang.classfile.ClassModel;
import java.lang.classfile.ClassTransform;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.CodeElement;
import java.lang.classfile.CodeTransform;
import java.lang.classfile.MethodModel;
import java.lang.classfile.Opcode;
import java.lang.classfile.TypeKind;
import java.lang.classfile.instruction.ReturnInstruction;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.DirectMethodHandleDesc;
import java.lang.constant.DynamicConstantDesc;
import java.lang.constant.MethodHandleDesc;
import java.lang.constant.MethodTypeDesc;
import java.lang.reflect.AccessFlag;

/**
 * Puts the calls of {@link JoinPoint} into the host's methods.
 *
 * <p>The woven code names JDK types only, so it links whatever loader the host lives in: a dynamic constant finds
 * {@link Bridge} by name in the system class loader and asks it for a method handle, once, when the method first
 * runs. To the compiler that handle is a constant, and the call inlines.
 */
final class Weaver {
    private static final ClassDesc LOADER = ClassDesc.of("java.lang.ClassLoader");
    private static final ClassDesc LOOKUP = ClassDesc.of("java.lang.invoke.MethodHandles$Lookup");
    private static final ClassDesc HANDLES = ClassDesc.of("java.lang.invoke.MethodHandles");

    private static final DynamicConstantDesc<?> SYSTEM_LOADER = invoke(LOADER,
            MethodHandleDesc.ofMethod(DirectMethodHandleDesc.Kind.STATIC, LOADER, "getSystemClassLoader",
                    MethodTypeDesc.of(LOADER)));
    private static final DynamicConstantDesc<?> BRIDGE = invoke(ConstantDescs.CD_Class,
            MethodHandleDesc.ofMethod(DirectMethodHandleDesc.Kind.VIRTUAL, LOADER, "loadClass",
                    MethodTypeDesc.of(ConstantDescs.CD_Class, ConstantDescs.CD_String)),
            SYSTEM_LOADER, Bridge.class.getName());
    private static final DynamicConstantDesc<?> PUBLIC_LOOKUP = invoke(LOOKUP,
            MethodHandleDesc.ofMethod(DirectMethodHandleDesc.Kind.STATIC, HANDLES, "publicLookup",
                    MethodTypeDesc.of(LOOKUP)));
    private static final DynamicConstantDesc<?> BIND = invoke(ConstantDescs.CD_MethodHandle,
            MethodHandleDesc.ofMethod(DirectMethodHandleDesc.Kind.VIRTUAL, LOOKUP, "findStatic",
                    MethodTypeDesc.of(ConstantDescs.CD_MethodHandle, ConstantDescs.CD_Class,
                            ConstantDescs.CD_String, ConstantDescs.CD_MethodType)),
            PUBLIC_LOOKUP, BRIDGE, "bind", MethodTypeDesc.of(ConstantDescs.CD_MethodHandle,
                    ConstantDescs.CD_Class, ConstantDescs.CD_String));

    private Weaver() {
    }

    /** The class with all calls of {@code classFile}'s join points put in; throws where one can't be. */
    static byte[] weave(byte[] classFile, ClassHierarchyResolver hierarchy) {
        ClassFile tool = ClassFile.of(ClassFile.ClassHierarchyResolverOption.of(hierarchy));
        ClassModel host = tool.parse(classFile);
        ClassTransform all = ClassTransform.ACCEPT_ALL;
        for (JoinPoint point : JoinPoint.values()) {
            if (point.owner().equals(host.thisClass().asInternalName())) {
                if (!canWeave(host, point)) {
                    throw new IllegalStateException("there is no body of " + point.method() + point.descriptor()
                            + " that a call can be put into; is there another agent that changes it?");
                }
                all = all.andThen(ClassTransform.transformingMethodBodies(method -> matches(method, point),
                        transform(host.thisClass().asSymbol(), point)));
            }
        }
        return tool.transformClass(host, all);
    }

    /** Whether the class has the join point's method with a body, and not static: the call hands over {@code this}. */
    static boolean canWeave(ClassModel type, JoinPoint point) {
        return type.methods().stream().anyMatch(method -> matches(method, point) && method.code().isPresent()
                && !method.flags().has(AccessFlag.STATIC));
    }

    private static boolean matches(MethodModel method, JoinPoint point) {
        return method.methodName().equalsString(point.method())
                && method.methodType().equalsString(point.descriptor());
    }

    private static CodeTransform transform(ClassDesc host, JoinPoint point) {
        if (point.isConstructor()) {
            return (CodeBuilder code, CodeElement element) -> {
                if (element instanceof ReturnInstruction) {
                    call(code, host, point);
                }
                code.with(element);
            };
        }
        if (point.tellsResult()) {
            return (CodeBuilder code, CodeElement element) -> {
                if (element instanceof ReturnInstruction) {
                    tell(code, host, point);
                }
                code.with(element);
            };
        }
        return CodeTransform.ofStateful(() -> new CodeTransform() {
            @Override
            public void atStart(CodeBuilder code) {
                call(code, host, point);
                if (point.replaces()) {
                    returnUnlessNull(code, point);
                }
            }

            @Override
            public void accept(CodeBuilder code, CodeElement element) {
                code.with(element);
            }
        });
    }

    private static void call(CodeBuilder code, ClassDesc host, JoinPoint point) {
        MethodTypeDesc type = point.hookType();
        code.loadConstant(invoke(ConstantDescs.CD_MethodHandle, BIND, host, point.name()));
        int slot = 0;
        for (ClassDesc parameter : type.parameterList()) {
            TypeKind kind = TypeKind.from(parameter);
            code.loadLocal(kind, slot);
            slot += kind.slotSize();
        }
        code.invokevirtual(ConstantDescs.CD_MethodHandle, "invokeExact", type);
    }

    /** The result is on the stack, and is again afterwards. */
    private static void tell(CodeBuilder code, ClassDesc host, JoinPoint point) {
        TypeKind kind = TypeKind.from(point.type().returnType());
        int result = code.allocateLocal(kind);
        code.storeLocal(kind, result);
        code.loadConstant(invoke(ConstantDescs.CD_MethodHandle, BIND, host, point.name()));
        code.aload(0).loadLocal(kind, result);
        code.invokevirtual(ConstantDescs.CD_MethodHandle, "invokeExact", point.hookType());
        code.loadLocal(kind, result);
    }

    private static void returnUnlessNull(CodeBuilder code, JoinPoint point) {
        code.dup().ifThenElse(Opcode.IFNONNULL,
                ours -> returnOurs(ours, point.type().returnType()), CodeBuilder::pop);
    }

    private static void returnOurs(CodeBuilder code, ClassDesc type) {
        if (type.equals(ConstantDescs.CD_void)) {
            code.pop().return_();
        } else {
            code.checkcast(type).areturn();
        }
    }

    private static DynamicConstantDesc<?> invoke(ClassDesc type, ConstantDesc handle,
            ConstantDesc... arguments) {
        ConstantDesc[] all = new ConstantDesc[arguments.length + 1];
        all[0] = handle;
        System.arraycopy(arguments, 0, all, 1, arguments.length);
        return DynamicConstantDesc.ofNamed(
                ConstantDescs.ofConstantBootstrap(ClassDesc.of("java.lang.invoke.ConstantBootstraps"),
                        "invoke",
                        ConstantDescs.CD_Object, ConstantDescs.CD_MethodHandle,
                        ConstantDescs.CD_Object.arrayType()),
                "invoke", type, all);
    }
}
