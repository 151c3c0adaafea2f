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
    /** Of sparse steps. */
    private double readBytes;
    private double slowBytes;

    /**
     * A step read {@code read} of the {@code slow} bytes in the slow tier; nothing, perhaps.
     *
     * @param nanos  how long it waited for them
     * @param sparse whether it attended a part of the tokens: what dense ones read, prompts several times over, says nothing
     *               of these
     */
    public void step(double read, double slow, long nanos, boolean sparse) {
        if (read > 0) {
            load.add(read, nanos);
        }
        if (sparse && slow > 0) {
            readBytes = 0.98 * readBytes + read;
            slowBytes = 0.98 * slowBytes + slow;
        }
    }

    /** Recomputation of {@code multiplyAdds} (see {@link Recomputation#multiplyAdds}) took {@code nanos}. */
    public void recomputed(double multiplyAdds, long nanos) {
        multiplyAdd.add(multiplyAdds, nanos);
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
        return slowBytes == 0 ? access : access.measured(readBytes / slowBytes);
    }
}
