package io.restripe.array;

/**
 * How long requests were held by reshapes, rebuilds and resyncs since the array was made. Those that were not held are not counted.
 * Quantiles are rounded up, by an eighth at most and never beyond the longest.
 *
 * @param count requests that were held
 * @param medianNanos half of them waited no longer
 * @param p99Nanos 99 of 100
 * @param p999Nanos 999 of 1000
 * @param longestNanos none waited longer
 */
public record Holds(long count, long medianNanos, long p99Nanos, long p999Nanos, long longestNanos) {
    /** Nothing was held. */
    public static final Holds NONE = new Holds(0, 0, 0, 0, 0);
}
