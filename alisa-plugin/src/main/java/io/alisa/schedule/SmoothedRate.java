package io.alisa.schedule;

/** Amount per second, recent measurements weighing most. The profile's rate counts like a measurement of a moment. */
final class SmoothedRate {
    /** What a measurement is worth after the next one. */
    private static final double DECAY = 0.98;
    /** How long a measurement the profile's rate is taken for. */
    private static final double PROFILE_SECONDS = 0.02;
    private static final double NANOS = 1e9;

    private double amount;
    private double seconds;

    void add(double measured, long nanos) {
        amount = DECAY * amount + measured;
        seconds = DECAY * seconds + nanos / NANOS;
    }

    double corrected(double profiled) {
        return (amount + PROFILE_SECONDS * profiled) / (seconds + PROFILE_SECONDS);
    }
}
