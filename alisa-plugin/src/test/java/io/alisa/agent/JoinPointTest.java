package io.alisa.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;

import io.alisa.host.HostHooks;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class JoinPointTest {
    /** The look-up the bridge makes when the host first runs: a mistake would show only then. */
    @ParameterizedTest
    @EnumSource
    void itsHookIsThere(JoinPoint point) {
        MethodType type = MethodType.fromMethodDescriptorString(point.hookType().descriptorString(), null);
        assertThatCode(() -> MethodHandles.publicLookup().findVirtual(HostHooks.class, point.hook(), type))
                .doesNotThrowAnyException();
        assertThat(type.returnType()).isEqualTo(point.replaces() ? Object.class : void.class);
    }

    @ParameterizedTest
    @EnumSource
    void namesNoTypeOfTheHost(JoinPoint point) {
        assertThat(point.hookType().descriptorString()).doesNotContain("jlama");
    }

    @ParameterizedTest
    @EnumSource
    void itsMethodIsInTheHost(JoinPoint point) {
        assertThat(HostFiles.parse(point.owner()).methods())
                .anyMatch(method -> method.methodName().equalsString(point.method())
                        && method.methodType().equalsString(point.descriptor()));
    }
}
