package io.alisa.attention;

/**
 * In which order a dot product is summed up: lane {@code j} of {@code lanes} partial sums takes every {@code lanes}-th
 * product from the {@code j}-th on; then the partial sums are added.
 *
 * @param lanes    a power of two
 * @param byHalves true: lane {@code j} and lane {@code j + lanes / 2}, then the same with the half that is left; false:
 *                 one after the other
 */
public record SummationOrder(int lanes, boolean byHalves) {
}
