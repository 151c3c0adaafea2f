package io.alisa.compat.quality;

import java.util.List;
import java.util.stream.IntStream;

/** Which questions one setting answered word for word, at one distance. */
record RecallResult(Setting setting, int distance, List<Boolean> right) {
    int questions() {
        return right.size();
    }

    int count() {
        return (int) right.stream().filter(r -> r).count();
    }

    /** Questions that were answered here and not there. */
    int beyond(RecallResult other) {
        return (int) IntStream.range(0, right.size()).filter(i -> right.get(i) && !other.right.get(i)).count();
    }

    /**
     * The standard error of the difference between the two counts: only the questions that one of them answered make it,
     * each by one, up or down.
     */
    double errorOfDifference(RecallResult other) {
        return Math.sqrt(beyond(other) + other.beyond(this));
    }
}
