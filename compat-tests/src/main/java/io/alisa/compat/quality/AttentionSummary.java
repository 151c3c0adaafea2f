package io.alisa.compat.quality;

import java.util.SortedMap;
import java.util.TreeMap;

import jdk.jfr.consumer.RecordedEvent;

/**
 * Means over the plugin's own samples of its attention; NaN or empty where it gave none.
 *
 * @param samples         how many there were
 * @param keptMass        share of the dense attention's mass that fell on attended tokens
 * @param rankCorrelation Spearman's, of the weights of attended tokens, nothing for the others, with the
 *                        dense weights
 * @param sparsity        by layer, share of the dense weights below 1 % of their row's maximum
 */
record AttentionSummary(long samples, double keptMass, double rankCorrelation, SortedMap<Integer, Double> sparsity) {

    static AttentionSummary of(Iterable<RecordedEvent> events) {
        long samples = 0;
        Mean keptMass = new Mean();
        Mean rankCorrelation = new Mean();
        SortedMap<Integer, Mean> sparsity = new TreeMap<>();
        for (RecordedEvent event : events) {
            samples++;
            keptMass.add(field(event, "keptMass"));
            rankCorrelation.add(field(event, "rankCorrelation"));
            double layer = field(event, "layer");
            if (!Double.isNaN(layer)) {
                sparsity.computeIfAbsent((int) layer, l -> new Mean()).add(field(event, "sparsity"));
            }
        }
        SortedMap<Integer, Double> byLayer = new TreeMap<>();
        sparsity.forEach((layer, mean) -> {
            if (!Double.isNaN(mean.value())) {
                byLayer.put(layer, mean.value());
            }
        });
        return new AttentionSummary(samples, keptMass.value(), rankCorrelation.value(), byLayer);
    }

    /** By name, so that an older or newer plugin's events can be read too. */
    private static double field(RecordedEvent event, String name) {
        return event.hasField(name) && event.getValue(name) instanceof Number number
                ? number.doubleValue()
                : Double.NaN;
    }
}
