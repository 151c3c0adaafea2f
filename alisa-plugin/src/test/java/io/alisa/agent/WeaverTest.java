package io.alisa.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.classfile.CodeModel;
import java.lang.classfile.Instruction;
import java.lang.classfile.MethodModel;
import java.lang.classfile.Opcode;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

class WeaverTest {
    private static final String CODE = "Code";
    private static final String BOOTSTRAP = "BootstrapMethods";

    static List<String> owners() {
        return Arrays.stream(JoinPoint.values()).map(JoinPoint::owner).distinct().toList();
    }

    private static byte[] weave(String owner) {
        return Weaver.weave(HostFiles.read(owner), HostFiles.HIERARCHY);
    }

    private static ClassModel woven(String owner) {
        return ClassFile.of().parse(weave(owner));
    }

    @ParameterizedTest
    @MethodSource("owners")
    void whatIsWovenVerifies(String owner) {
        ClassFile verifier = ClassFile.of(ClassFile.ClassHierarchyResolverOption.of(HostFiles.HIERARCHY));
        assertThat(verifier.verify(weave(owner))).isEmpty();
    }

    /** Byte for byte, but for the code of the listed methods and the bootstrap methods that code needs. */
    @ParameterizedTest
    @MethodSource("owners")
    void nothingButTheListedBodiesDiffers(String owner) {
        RawClass before = new RawClass(HostFiles.read(owner));
        RawClass after = new RawClass(weave(owner));
        assertThat(after.flagsAndNames).isEqualTo(before.flagsAndNames);
        assertThat(after.fields).isEqualTo(before.fields);
        assertThat(after.methods).hasSameSizeAs(before.methods);
        int differing = 0;
        for (int i = 0; i < before.methods.size(); i++) {
            if (isListed(owner, before.methods.get(i))) {
                assertThat(without(CODE, after.methods.get(i)))
                        .isEqualTo(without(CODE, before.methods.get(i)));
                differing++;
            } else {
                assertThat(after.methods.get(i)).isEqualTo(before.methods.get(i));
            }
        }
        assertThat(differing).isEqualTo((int) Stream.of(JoinPoint.values())
                .filter(point -> point.owner().equals(owner)).count());
        assertThat(without(BOOTSTRAP, after.attributes)).isEqualTo(without(BOOTSTRAP, before.attributes));
        // behind the count, the original's bootstrap methods come first
        assertThat(after.attributes.getOrDefault(BOOTSTRAP, "0000").substring(4))
                .startsWith(before.attributes.getOrDefault(BOOTSTRAP, "0000").substring(4));
    }

    @ParameterizedTest
    @EnumSource
    void theBodyFollowsOneCall(JoinPoint point) {
        List<Opcode> before = opcodes(HostFiles.parse(point.owner()), point);
        List<Opcode> after = opcodes(woven(point.owner()), point);
        if (point.tellsResult()) {
            assertThat(calls(after)).isEqualTo(calls(before) + before.stream()
                    .filter(code -> code == Opcode.IRETURN || code == Opcode.ARETURN).count());
            return;
        }
        assertThat(calls(after)).isEqualTo(calls(before) + 1);
        if (point.isConstructor()) {
            assertThat(after).startsWith(before.subList(0, before.size() - 1).toArray(Opcode[]::new))
                    .endsWith(Opcode.RETURN);
        } else {
            assertThat(after).endsWith(before.toArray(Opcode[]::new));
        }
    }

    /** Weaving the rest of the class would be half a host. */
    @ParameterizedTest
    @EnumSource
    void aJoinPointThatCannotBeWovenIsAnError(JoinPoint point) {
        assertThatThrownBy(() -> Weaver.weave(HostFiles.withoutBody(point), HostFiles.HIERARCHY))
                .isInstanceOf(IllegalStateException.class).hasMessageContaining(point.method() + point.descriptor());
        assertThatThrownBy(() -> Weaver.weave(HostFiles.withStatic(point), HostFiles.HIERARCHY))
                .isInstanceOf(IllegalStateException.class).hasMessageContaining(point.method() + point.descriptor());
    }

    private static long calls(List<Opcode> opcodes) {
        return opcodes.stream().filter(Opcode.INVOKEVIRTUAL::equals).count();
    }

    private static boolean isListed(String owner, RawClass.Member method) {
        return Stream.of(JoinPoint.values()).anyMatch(point -> point.owner().equals(owner)
                && method.name().equals(point.method()) && method.descriptor().equals(point.descriptor()));
    }

    private static RawClass.Member without(String attribute, RawClass.Member member) {
        return new RawClass.Member(member.flags(), member.name(), member.descriptor(),
                without(attribute, member.attributes()));
    }

    private static Map<String, String> without(String attribute, Map<String, String> attributes) {
        Map<String, String> rest = new LinkedHashMap<>(attributes);
        rest.remove(attribute);
        return rest;
    }

    private static List<Opcode> opcodes(ClassModel type, JoinPoint point) {
        MethodModel method = type.methods().stream()
                .filter(m -> m.methodName().equalsString(point.method())
                        && m.methodType().equalsString(point.descriptor()))
                .findFirst().orElseThrow();
        CodeModel code = method.code().orElseThrow();
        return code.elementStream().filter(Instruction.class::isInstance)
                .map(element -> ((Instruction) element).opcode()).toList();
    }
}
