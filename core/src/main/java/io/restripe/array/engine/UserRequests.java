package io.restripe.array.engine;

/** What the users' requests are like now, for background work that makes room for them. Guarded by the state lock. */
final class UserRequests {
    /** A request counts for so much of the mean of those before it. */
    private static final int WEIGHT_SHIFT = 4;

    /** A cost that grows must be able to begin from nothing. */
    private static final long LEAST_NANOS = 20_000L;

    /** Requests that wait for background work. */
    int held;

    private int inside;
    private boolean any;
    private long lastNanos;
    private long costNanos;

    void arrived(long now) {
        inside++;
        any = true;
        lastNanos = now;
    }

    /**
     * One that was let in at the time given has left. One alone at most doubles what the last few came to: it may only have lost its
     * processor.
     *
     * @param disks that it shared with all others that were inside
     */
    void left(long enteredNanos, long now, int disks) {
        lastNanos = now;
        long cost = (now - enteredNanos) / inside * Math.min(inside, disks);
        costNanos += (Math.min(cost, LEAST_NANOS + (costNanos << WEIGHT_SHIFT)) - costNanos) >> WEIGHT_SHIFT;
        inside--;
    }

    /** Whether one is inside or was, or came, at most so long ago. */
    boolean thereWithin(long nanos, long now) {
        return inside > 0 || (any && now - lastNanos <= nanos);
    }

    /** What one of the last few took of the time of a disk, as far as can be seen. */
    long costNanos() {
        return costNanos;
    }
}
