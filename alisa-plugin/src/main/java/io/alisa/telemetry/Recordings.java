package io.alisa.telemetry;

/**
 * Whether there can be recordings at all: a runtime that {@code jlink} made may have no flight recorder. Asked before any event
 * class, for those can't be loaded then.
 */
public final class Recordings {
    /** Whether the flight recorder is part of this runtime. */
    public static final boolean POSSIBLE = ModuleLayer.boot().findModule("jdk.jfr").isPresent();

    private Recordings() {
    }
}
