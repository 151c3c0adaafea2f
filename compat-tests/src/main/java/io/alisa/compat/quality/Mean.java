package io.alisa.compat.quality;

/** A mean that grows; what is not a number is left out. */
final class Mean {
    private double sum;
    private long count;

    void add(double value) {
        if (!Double.isNaN(value)) {
            sum += value;
            count++;
        }
    }

    /** NaN where nothing was added. */
    double value() {
        return sum / count;
    }
}
