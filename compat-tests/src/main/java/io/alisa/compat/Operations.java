package io.alisa.compat;

/** The host's two sets of tensor operations. */
public enum Operations {
    /** In Java, by the Vector API. */
    PANAMA,
    /** In C, by jlama-native. */
    NATIVE
}
