package io.alisa.telemetry;

import jdk.jfr.FlightRecorder;

/**
 * Whether anything is recorded. Asked before any event class: those can't be loaded where a runtime that {@code jlink} made has
 * no flight recorder, and loading one starts the recorder, which takes longer than many tokens, for nobody.
 */
public final class Recordings {
    private static final boolean POSSIBLE = ModuleLayer.boot().findModule("jdk.jfr").isPresent();

    private Recordings() {
    }

    /** Whether there was a recording or a stream of events in this process, of whatever events. */
    public static boolean areOn() {
        return POSSIBLE && FlightRecorder.isInitialized();
    }
}
