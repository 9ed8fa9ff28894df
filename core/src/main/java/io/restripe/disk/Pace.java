package io.restripe.disk;

import java.util.concurrent.atomic.AtomicInteger;

/**
 * Whether a disk answers so fast (from memory) that waiting for it costs less than having another thread wait. It counts as fast after
 * many requests that were, and as slow again after a few that were not: one alone says only that the thread had to wait for a processor.
 * Any thread.
 */
public final class Pace {
    private static final int MOST = 64;
    private static final int ENOUGH = 32;
    private static final int COST_OF_A_SLOW_ONE = 20;
    private static final long FAST_NANOS = 30_000;
    /** A copy in memory takes about half of that. */
    private static final int BYTES_PER_NANO = 4;
    /** Larger ones are worth a thread of their own in any case. */
    private static final long LARGEST_BYTES = 256 << 10;

    private final AtomicInteger score = new AtomicInteger();

    /** Whether requests of so many bytes in all are best carried out where they are. */
    public boolean isFast(long bytes) {
        return isFast() && bytes <= LARGEST_BYTES;
    }

    /** Whether the disk answers as memory does, whatever the length. */
    public boolean isFast() {
        return score.get() >= ENOUGH;
    }

    /** Counts as slow again, as at the beginning. */
    public void beginSlowly() {
        score.set(0);
    }

    /** One request of so many bytes took so long. */
    public void took(long nanos, long bytes) {
        boolean slow = nanos > FAST_NANOS + bytes / BYTES_PER_NANO;
        int now = score.get();
        if (slow ? now > 0 : now < MOST) {
            int next = slow ? Math.max(0, now - COST_OF_A_SLOW_ONE) : now + 1;
            score.compareAndSet(now, next); // who loses a race leaves one request out
        }
    }
}
