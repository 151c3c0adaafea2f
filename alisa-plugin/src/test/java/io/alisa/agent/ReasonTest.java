package io.alisa.agent;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.InvocationTargetException;

import org.junit.jupiter.api.Test;

class ReasonTest {
    @Test
    void theInnermostCauseIsToldInOneLine() {
        assertThat(Reason.of(new InvocationTargetException(
                new ExceptionInInitializerError(new IllegalCallerException("native access\nis illegal")))))
                .isEqualTo("java.lang.IllegalCallerException: native access is illegal");
        assertThat(Reason.of(new InvocationTargetException(null))).isEqualTo(InvocationTargetException.class.getName());
    }

    @Test
    void aSentenceOfOursSaysMoreThanItsCause() {
        assertThat(Reason.of(new InvocationTargetException(
                new IllegalStateException("add a flag", new IllegalCallerException("native access is illegal")))))
                .isEqualTo("add a flag");
    }
}
