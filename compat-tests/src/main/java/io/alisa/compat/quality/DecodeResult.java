package io.alisa.compat.quality;

import java.util.List;
import java.util.Map;

/**
 * What one setting did to teacher-forced decoding.
 *
 * @param texts    scores by text, in order
 * @param attended tokens attended per step
 */
record DecodeResult(Setting setting, Map<String, Scores> texts, double attended, AttentionSummary attention) {
    Scores all() {
        return Scores.join(List.copyOf(texts.values()));
    }

    Change change(DecodeResult reference) {
        return Change.of(all().loss(), reference.all().loss());
    }

    Change change(DecodeResult reference, String text) {
        return Change.of(of(text).loss(), reference.of(text).loss());
    }

    Scores of(String text) {
        Scores scores = texts.get(text);
        if (scores == null) {
            throw new IllegalArgumentException("No text " + text);
        }
        return scores;
    }
}
