package io.restripe.nbd;

import java.util.concurrent.atomic.AtomicInteger;

/**
 * Whether a disk answers so fast (from memory) that the thread that reads requests does best to carry them out itself, and answer many
 * with one write. A disk counts as fast after a row of requests that were, and as slow again after one that was not: then each request
 * gets a thread, so that those that wait for a device wait together.
 */
final class Pace {
    private static final int ROW = 32;
    private static final long FAST_NANOS = 30_000;
    /** A copy in memory takes about half of that. */
    private static final int BYTES_PER_NANO = 4;
    /** Larger ones are worth a thread of their own in any case. */
    private static final long LARGEST_BYTES = 256 << 10;

    private final AtomicInteger fastInRow = new AtomicInteger();

    boolean isFast(long bytes) {
        return fastInRow.get() >= ROW && bytes <= LARGEST_BYTES;
    }

    /** Counts as slow again, for a thread that reads instead of one that got stuck. */
    void beginSlowly() {
        fastInRow.set(0);
    }

    void took(long nanos, long bytes) {
        if (nanos > FAST_NANOS + bytes / BYTES_PER_NANO) {
            fastInRow.set(0);
        } else if (fastInRow.get() < ROW) {
            fastInRow.incrementAndGet();
        }
    }
}
