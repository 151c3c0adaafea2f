package io.alisa.schedule;

import io.alisa.Phase;

/**
 * Steps and predicted time of each phase.
 *
 * @param stepsI decode steps in phase I, and so on
 * @param nanosI their time in nanoseconds, and so on
 */
public record PhaseTimes(double stepsI, double nanosI, double stepsII, double nanosII, double stepsIII,
        double nanosIII) {
    public static final PhaseTimes NONE = new PhaseTimes(0, 0, 0, 0, 0, 0);

    /** With more steps in a phase. */
    public PhaseTimes plus(Phase phase, double steps, double nanos) {
        return switch (phase) {
            case I -> new PhaseTimes(stepsI + steps, nanosI + nanos, stepsII, nanosII, stepsIII, nanosIII);
            case II -> new PhaseTimes(stepsI, nanosI, stepsII + steps, nanosII + nanos, stepsIII, nanosIII);
            case III -> new PhaseTimes(stepsI, nanosI, stepsII, nanosII, stepsIII + steps, nanosIII + nanos);
        };
    }

    public double steps(Phase phase) {
        return switch (phase) {
            case I -> stepsI;
            case II -> stepsII;
            case III -> stepsIII;
        };
    }

    public double nanos(Phase phase) {
        return switch (phase) {
            case I -> nanosI;
            case II -> nanosII;
            case III -> nanosIII;
        };
    }

    public double totalNanos() {
        return nanosI + nanosII + nanosIII;
    }
}
