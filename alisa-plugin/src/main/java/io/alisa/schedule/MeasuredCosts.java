package io.alisa.schedule;

import java.util.TreeMap;

/**
 * What a session's tiers cost it as it runs: reading the slow tier and recomputing; exponentially smoothed. It corrects
 * the profile, and with it the plan: a profile was measured on an idle machine. The rates of attention are the profile's:
 * they decide between no two plans. Not thread-safe, allocates nothing until asked.
 */
public final class MeasuredCosts {
    /** How far a rate is corrected at most, either way: what is no rate any more would make no profile. */
    private static final double MOST_CORRECTED = 1e6;

    private final SmoothedRate load = new SmoothedRate();
    private final SmoothedRate multiplyAdd = new SmoothedRate();
    private double readTokens;
    private double slowTokens;

    /** {@code bytes} were read from the slow tier. */
    public void loaded(double bytes, long nanos) {
        load.add(bytes, nanos);
    }

    /** Recomputation of {@code multiplyAdds} (see {@link Recomputation#multiplyAdds}) took {@code nanos}. */
    public void recomputed(double multiplyAdds, long nanos) {
        multiplyAdd.add(multiplyAdds, nanos);
    }

    /** A sparse step read {@code read} of the {@code slow} tokens in the slow tier. */
    public void sparseStep(double read, double slow) {
        readTokens = 0.98 * readTokens + read;
        slowTokens = 0.98 * slowTokens + slow;
    }

    /** The profile as it turned out to be, for requests to the slow tier of {@code requestBytes}. */
    public HardwareProfile correct(HardwareProfile profile, double requestBytes) {
        double profiled = profile.slowReadBytes(requestBytes);
        double factor = Math.clamp(load.corrected(profiled) / profiled, 1 / MOST_CORRECTED, MOST_CORRECTED);
        TreeMap<Integer, Double> reads = new TreeMap<>();
        profile.slowReadBytes().forEach((request, rate) -> reads.put(request, rate * factor));
        return new HardwareProfile(profile.machine(), profile.readBytes(), profile.threadReadBytes(),
                profile.denseBytes(), profile.sparseBytes(), profile.digestBytes(),
                multiplyAdd.corrected(profile.multiplyAdds()), profile.slowWriteBytes(), reads);
    }

    /** The access pattern as it turned out to be. */
    public AccessPattern correct(AccessPattern access) {
        return slowTokens == 0 ? access : access.measured(readTokens / slowTokens);
    }
}
