package io.restripe.array.engine;

import io.restripe.array.Holds;

/**
 * How long requests had to wait because of what goes on in the background: the range that they touch was suspended, was being relocated or
 * compared, or waited for a checkpoint. Counted by eighths of a power of two, so a time that is told is at most an eighth longer than the
 * true one. Owner: whoever holds the array's lock; {@link Holds} is a picture for everybody.
 */
final class HoldTimes {
    private static final int PARTS = 8;
    /** A time that is shorter counts as one of so long. */
    private static final long SHORTEST_NANOS = PARTS;

    private static final int SHIFT = 3;

    private final long[] counts = new long[(Long.SIZE - SHIFT) * PARTS];
    private long count;
    private long longest;

    void add(long nanos) {
        counts[bucket(Math.max(SHORTEST_NANOS, nanos))]++;
        count++;
        longest = Math.max(longest, nanos);
    }

    private static int bucket(long nanos) {
        int doublings = Long.SIZE - 1 - SHIFT - Long.numberOfLeadingZeros(nanos);
        return doublings * PARTS + (int) (nanos >> doublings) - PARTS;
    }

    private static long longestIn(int bucket) {
        return (PARTS + bucket % PARTS + 1L << bucket / PARTS) - 1;
    }

    Holds picture() {
        return new Holds(count, quantile(0.5), quantile(0.99), quantile(0.999), longest);
    }

    private long quantile(double share) {
        long wanted = Math.max(1, (long) Math.ceil(count * share));
        long seen = 0;
        for (int b = 0; b < counts.length; b++) {
            seen += counts[b];
            if (seen >= wanted) {
                return Math.min(longest, longestIn(b));
            }
        }
        return 0;
    }
}
