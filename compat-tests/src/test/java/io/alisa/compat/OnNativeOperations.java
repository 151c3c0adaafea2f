package io.alisa.compat;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

/** A test of {@link Operations#NATIVE}: the host falls back to the Panama operations where its library does not load. */
@Target(ElementType.METHOD)
@Retention(RetentionPolicy.RUNTIME)
@EnabledOnOs(value = OS.LINUX, architectures = "amd64", disabledReason = "the host's native library is here for Linux on"
        + " x86-64 only: on this machine the host takes the Panama operations, which are tested anyway")
@interface OnNativeOperations {
}
