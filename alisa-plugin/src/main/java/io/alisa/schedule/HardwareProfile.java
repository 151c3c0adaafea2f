package io.alisa.schedule;

import java.util.Collections;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What a machine can do, measured or described. All rates are per second.
 *
 * @param machine           a fingerprint: whose numbers these are
 * @param readBytes         bytes read from the fast tier by all threads
 * @param threadReadBytes   the same by one thread
 * @param denseBytes        bytes of keys and values attended, all tokens of a context
 * @param sparseBytes       bytes of keys and values attended, selected tokens
 * @param digestBytes       bytes of digests looked through to select
 * @param multiplyAdds      multiply-adds in large products
 * @param slowWriteBytes    bytes written to the slow tier
 * @param slowReadBytes     bytes read from the slow tier, by the bytes of a request
 */
public record HardwareProfile(String machine, double readBytes, double threadReadBytes, double denseBytes,
        double sparseBytes, double digestBytes, double multiplyAdds, double slowWriteBytes,
        SortedMap<Integer, Double> slowReadBytes) {
    public HardwareProfile {
        slowReadBytes = Collections.unmodifiableSortedMap(new TreeMap<>(slowReadBytes));
        for (double rate : new double[]{readBytes, threadReadBytes, denseBytes, sparseBytes, digestBytes, multiplyAdds,
                slowWriteBytes}) {
            check(rate);
        }
        if (slowReadBytes.isEmpty() || slowReadBytes.firstKey() < 1) {
            throw new IllegalArgumentException("No bandwidth of the slow tier");
        }
        slowReadBytes.values().forEach(HardwareProfile::check);
    }

    private static void check(double rate) {
        if (!(rate > 0) || Double.isInfinite(rate)) {
            throw new IllegalArgumentException("Not a rate: " + rate);
        }
    }

    /** Where nothing was measured: a small machine with an ordinary solid-state disk. Our choice. */
    public static HardwareProfile assumed() {
        return new HardwareProfile("assumed", 15e9, 8e9, 10e9, 4e9, 5e9, 30e9, 0.5e9,
                new TreeMap<>(Map.of(8 << 10, 0.1e9, 64 << 10, 0.5e9, 256 << 10, 0.8e9, 1 << 20, 1e9)));
    }

    /**
     * A machine of the paper's kind (section VI-A), where attention reads memory at the memory's speed, and everything
     * slow goes over one link.
     */
    public static HardwareProfile described(String machine, double readBytes, double multiplyAdds,
            double linkBytes) {
        return new HardwareProfile(machine, readBytes, readBytes, readBytes, readBytes, readBytes, multiplyAdds,
                linkBytes, new TreeMap<>(Map.of(1, linkBytes)));
    }

    /** Read bandwidth of the slow tier at a request size: between two that were measured, in proportion. */
    public double slowReadBytes(double requestBytes) {
        double below = 0;
        double belowRate = 0;
        for (Map.Entry<Integer, Double> measured : slowReadBytes.entrySet()) {
            int request = measured.getKey();
            double rate = measured.getValue();
            if (request >= requestBytes) {
                return below == 0 ? rate : belowRate + (requestBytes - below) / (request - below) * (rate - belowRate);
            }
            below = request;
            belowRate = rate;
        }
        return belowRate;
    }
}
